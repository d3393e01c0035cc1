using System.Buffers.Binary;

namespace Berth.Linux.Launch;

/// <summary>
/// Launches a process that is born in a pid namespace other processes live in already. They could trace it from its first instruction, so
/// it must not share this process's memory, nor be allowed more than its program will be: a <see cref="CallProgram"/> outside the namespace
/// makes the prepared calls, lowers its rights and only then forks into it.
/// </summary>
public sealed class ApartLauncher : IDisposable
{
    private const int TimeLimitMilliseconds = 30_000;
    private readonly FileDescriptor _result = Libc.MemoryFile("berth-pid", 4096);
    private readonly FileDescriptor _read, _write;

    /// <summary>Opens what the process answers through.</summary>
    public ApartLauncher() => (_read, _write) = Libc.Pipe();

    /// <summary>The calls that must come first in the program: they keep the place of the sibling's process id from the sibling itself, which
    /// may be in hostile hands.</summary>
    public IReadOnlyList<ChildCall> Opening =>
    [
        new("map the result", SystemCall.mmap, [CallProgram.ResultAddress, 4096, 3 /* PROT_READ | PROT_WRITE */, 0x11 /* MAP_SHARED | MAP_FIXED */, _result, 0]),
        new("keep the result", SystemCall.madvise, [CallProgram.ResultAddress, 4096, 10 /* MADV_DONTFORK */]),
        new("close the result", SystemCall.close, [_result]),
    ];

    /// <summary>Clones, makes the calls of <paramref name="first"/> in shared memory and outside the pid namespace, then those of
    /// <paramref name="rest"/> in the program.</summary>
    /// <param name="first">Calls before the program starts.</param>
    /// <param name="rest">Begins with <see cref="Opening"/>, contains <see cref="SystemCall.fork"/>, ends in execve.</param>
    /// <param name="start">Makes a child that makes the calls it is given.</param>
    public LaunchResult Launch(IReadOnlyList<ChildCall> first, IReadOnlyList<ChildCall> rest, Func<IReadOnlyList<ChildCall>, LaunchResult> start)
    {
        using CallTable table = new(rest, CallProgram.TableAddress);
        using FileDescriptor program = Libc.SealedFile("berth-exec", CallProgram.Build(table, _write));
        LaunchResult started = start([.. first, .. Inherit(rest), CallProgram.Execute("start the joining program", program, "berth-exec")]);
        if (started.PidFd is null) return started;
        _write.Dispose();
        using FileDescriptor maker = started.PidFd;
        if (!Ready(maker, null)) Libc.SendSignal(maker, Libc.SIGKILL);
        Libc.Wait(maker);
        Span<byte> number = stackalloc byte[4];
        _ = Libc.ReadAt(_result, number, 0);
        int pid = BinaryPrimitives.ReadInt32LittleEndian(number);
        if (pid <= 0) return Failure(rest, 0) ?? new LaunchResult(started.Pid, null, "prepare to join", Errno.ETIMEDOUT);
        FileDescriptor process = Libc.OpenProcess(pid); // a child of this process and not waited for: the number is still its own
        bool answered = Ready(process, _read);
        LaunchResult? failure = answered ? Failure(rest, pid) : new LaunchResult(pid, null, "join", Errno.ETIMEDOUT);
        if (failure is not { } refusal) return new LaunchResult(pid, process, null, Errno.None);
        Libc.SendSignal(process, Libc.SIGKILL);
        Libc.Wait(process);
        process.Dispose();
        return refusal;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _result.Dispose();
        _read.Dispose();
        _write.Dispose();
    }

    // Whatever the program uses must outlive the execve that starts it.
    private IEnumerable<ChildCall> Inherit(IReadOnlyList<ChildCall> rest) => rest
        .SelectMany(static c => c.Arguments).Select(static a => a.Content).OfType<FileDescriptor>().Append(_write)
        .Where(static d => d.Number > 2).DistinctBy(static d => d.Number)
        .Select(static d => new ChildCall("inherit a descriptor", SystemCall.fcntl, [d, Libc.F_SETFD, 0]));

    // A traced process may never answer, and its descriptor may be held open by the tracer: hence both, and a limit.
    private static bool Ready(FileDescriptor process, FileDescriptor? status)
    {
        Libc.pollfd[] wanted = [new() { fd = process.Number, events = Libc.POLLIN }, new() { fd = status?.Number ?? -1, events = Libc.POLLIN }];
        long until = Environment.TickCount64 + TimeLimitMilliseconds;
        do
        {
            if (Libc.Poll(wanted, TimeLimitMilliseconds) > 0) return true;
        }
        while (Environment.TickCount64 < until);
        return false;
    }

    private LaunchResult? Failure(IReadOnlyList<ChildCall> calls, int pid)
    {
        Libc.pollfd[] wanted = [new() { fd = _read.Number, events = Libc.POLLIN }];
        if (Libc.Poll(wanted, 0) <= 0) return null;
        Span<byte> record = stackalloc byte[16];
        if (Libc.TryRead(_read, record) != record.Length) return null;
        long index = (BinaryPrimitives.ReadInt64LittleEndian(record) - CallProgram.TableAddress) / CallTable.EntrySize;
        long errno = -BinaryPrimitives.ReadInt64LittleEndian(record[8..]);
        return new LaunchResult(pid, null, calls[(int)Math.Clamp(index, 0, calls.Count - 1)].Step, (Errno)Math.Clamp(errno, 1, 4095));
    }
}
