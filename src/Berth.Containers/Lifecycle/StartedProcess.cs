using Berth.Linux;

namespace Berth.Containers.Lifecycle;

/// <summary>A process whose program runs. It is a child of this process, which must reap it.</summary>
public sealed class StartedProcess(int pid, FileDescriptor pidFd, FileDescriptor? console, IReadOnlyList<string> warnings) : IDisposable
{
    /// <summary>Process id in the caller's pid namespace.</summary>
    public int Pid => pid;

    /// <summary>Handle that stays with this process even when the id is used again.</summary>
    public FileDescriptor PidFd => pidFd;

    /// <summary>Master side of the terminal, if the process has one.</summary>
    public FileDescriptor? Console => console;

    /// <summary>Start time in clock ticks since boot, /proc/pid/stat field 22: with the id it names the process across restarts of the caller.</summary>
    public ulong StartTimeTicks { get; private set; }

    /// <summary>What could not be granted as asked, such as resource limits above the host's own.</summary>
    public IReadOnlyList<string> Warnings => warnings;

    // Not on the thread that created it: pivot_root has moved that one's root along, so its /proc is the container's.
    internal StartedProcess WithStartTime()
    {
        StartTimeTicks = ProcessTimes.StartTicks(pid);
        return this;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        pidFd.Dispose();
        console?.Dispose();
    }
}
