using Berth.Linux;
using Berth.Supervisor.Events;

namespace Berth.Supervisor.Processes;

/// <summary>Waits for a process's end by pidfd: reaps an own child; asks the kernel for the exit code of an adopted one, before or after its new parent reaps it.</summary>
internal sealed class ExitWatch : IDisposable
{
    private static readonly TimeSpan ReapPatience = TimeSpan.FromSeconds(2);
    private readonly EventLoop _loop;
    private readonly ManagedProcess _process;
    private readonly Action<ManagedProcess, ExitStatus> _ended;
    private readonly Registration _registration;
    private LoopTimer? _giveUp;

    public ExitWatch(EventLoop loop, ManagedProcess process, Action<ManagedProcess, ExitStatus> ended)
    {
        _loop = loop;
        _process = process;
        _ended = ended;
        // An adopted zombie stays readable until it is reaped, then hangs up: edges, so that the wait between is quiet.
        _registration = loop.Register(process.PidFd!, Libc.EPOLLIN | (process.Adopted ? Libc.EPOLLET : 0), _ => Look());
    }

    public void Dispose()
    {
        _registration.Dispose();
        _giveUp?.Dispose();
    }

    private void Look()
    {
        if (_process.Adopted)
        {
            if (ZombieStatus.Read(_process.Process.Pid, _process.Process.StartTimeTicks) is { } zombie)
                End(new ExitStatus(zombie)); // its new parent takes its time
            else if (Libc.ExitStatus(_process.PidFd!) is { } status)
                End(new ExitStatus(WaitResult.FromStatus(_process.Process.Pid, status)));
            else
                _giveUp ??= _loop.Schedule(ReapPatience, () => End(default));
            return;
        }
        if (Libc.Wait(_process.PidFd!, Libc.WEXITED | Libc.WNOHANG) is { } result)
            End(new ExitStatus(result));
    }

    private void End(ExitStatus status)
    {
        Dispose();
        _ended(_process, status);
    }
}
