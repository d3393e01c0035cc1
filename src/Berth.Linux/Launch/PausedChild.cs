using System.Runtime.InteropServices;

namespace Berth.Linux.Launch;

/// <summary>
/// A child in namespaces of its own that waits in the middle of its calls while this process prepares them from outside: maps user ids,
/// enters its namespaces, builds its file tree. Up to execve it shares this process's memory and descriptors. Dispose ends it unless it
/// was told to go on.
/// </summary>
public sealed unsafe class PausedChild : IDisposable
{
    private const byte Waiting = (byte)'w', Ended = (byte)'e';

    private readonly CallTable _first;
    private readonly int _jump, _given;
    private readonly FileDescriptor _answer, _answerEnd, _gate, _gateEnd;
    private readonly Libc.clone_args* _arguments = (Libc.clone_args*)NativeMemory.AllocZeroed((nuint)sizeof(Libc.clone_args) + 16);
    private readonly Thread _thread;
    private Exception? _failure;
    private nint _cloned;
    private bool _done;

    /// <summary>Clones on a thread of its own, makes <paramref name="calls"/> and waits.</summary>
    /// <param name="prepare">Runs on the cloning thread first: namespaces it enters are inherited.</param>
    /// <param name="calls">What the child does before it waits.</param>
    /// <param name="flags">CLONE_NEW* flags.</param>
    /// <param name="cgroup">cgroup2 directory to be born in, or null.</param>
    /// <exception cref="LinuxException">It could not be cloned, or one of the calls failed.</exception>
    public PausedChild(Action prepare, IReadOnlyList<ChildCall> calls, ulong flags, FileDescriptor? cgroup)
    {
        (_answer, _answerEnd) = Libc.Pipe();
        (_gate, _gateEnd) = Libc.Pipe();
        _given = calls.Count;
        _jump = calls.Count + 3;
        _first = new CallTable(
        [
            .. calls,
            new("end with the creator", SystemCall.prctl, [Libc.PR_SET_PDEATHSIG, Libc.SIGKILL, 0, 0, 0]),
            new("answer", SystemCall.write, [_answerEnd, ChildArgument.Bytes([Waiting]), 1]),
            new("wait", SystemCall.read, [_gate, ChildArgument.Bytes(new byte[8]), 1]),
            new("go on", -1, []),
        ]);
        int* numbers = (int*)(_arguments + 1);
        // SAFETY: the block has room for clone_args and two numbers, and lives until the child has left this memory.
        *_arguments = new Libc.clone_args
        {
            flags = Libc.CLONE_VM | Libc.CLONE_VFORK | Libc.CLONE_FILES | Libc.CLONE_PIDFD | Libc.CLONE_PARENT_SETTID | Libc.CLONE_CLEAR_SIGHAND | flags
                | (cgroup is null ? 0 : Libc.CLONE_INTO_CGROUP),
            pidfd = (ulong)numbers,
            parent_tid = (ulong)(numbers + 1),
            exit_signal = Libc.SIGCHLD,
            cgroup = (ulong)(cgroup?.Number ?? 0),
        };
        numbers[0] = -1;
        _thread = new Thread(() => Run(prepare), 256 * 1024) { IsBackground = true, Name = "berth-paused" };
        _thread.Start();
        Span<byte> answer = stackalloc byte[1];
        while (Libc.Read(_answer, answer) == 0) { }
        GC.KeepAlive(cgroup);
        if (numbers[0] >= 0)
        {
            PidFd = new FileDescriptor(numbers[0]);
            Pid = numbers[1];
        }
        if (answer[0] == Waiting) return;
        _thread.Join();
        LinuxException failure = _failure as LinuxException
            ?? (_cloned < 0 ? new LinuxException("clone3", (Errno)(-_cloned))
            : _first.Failure() is var (call, errno) ? new LinuxException(call.Step, errno) : new LinuxException("clone3", Errno.ECHILD));
        Dispose();
        throw failure;
    }

    /// <summary>Its process id.</summary>
    public int Pid { get; }

    /// <summary>Its pidfd.</summary>
    public FileDescriptor? PidFd { get; private set; }

    /// <summary>What the call with this index answered.</summary>
    public int ResultOf(int call) => (int)_first.Result(call);

    /// <summary>The calls that must come first of those it goes on with.</summary>
    public static IReadOnlyList<ChildCall> Opening { get; } =
    [
        new("outlive the creator", SystemCall.prctl, [Libc.PR_SET_PDEATHSIG, 0, 0, 0, 0]),
        new("own descriptors", SystemCall.unshare, [Libc.CLONE_FILES]),
    ];

    /// <summary>Lets it make the remaining calls: <see cref="Opening"/> first, execve last.</summary>
    public LaunchResult Continue(IReadOnlyList<ChildCall> calls)
    {
        using CallTable rest = new(calls);
        _first.Jump(_jump, rest.Address);
        Libc.WriteAll(_gateEnd, [1]);
        _thread.Join();
        _done = true;
        GC.KeepAlive(calls);
        FileDescriptor handle = PidFd!;
        if (rest.Failure() is not var (call, errno))
        {
            PidFd = null;
            return new LaunchResult(Pid, handle, null, Errno.None);
        }
        Libc.Wait(handle);
        return new LaunchResult(Pid, null, call.Step, errno);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_done && PidFd is { } child)
        {
            Libc.SendSignal(child, Libc.SIGKILL);
            Libc.Wait(child);
            _thread.Join();
            _done = true;
        }
        PidFd?.Dispose();
        _answer.Dispose();
        _answerEnd.Dispose();
        _gate.Dispose();
        _gateEnd.Dispose();
        _first.Dispose();
        NativeMemory.Free(_arguments);
    }

    private void Run(Action prepare)
    {
        try
        {
            prepare();
            // CLONE_VFORK holds this thread, and only this one, until the child runs its program or ends.
            _cloned = ChildStub.Run(_arguments, _first.Address);
        }
        catch (Exception e)
        {
            _failure = e;
        }
        Libc.WriteAll(_answerEnd, [Ended]);
    }
}
