namespace Berth.Linux.Launch;

/// <summary>Creates a process that makes prepared system calls and ends in execve. The calling thread waits for that (vfork).</summary>
public static unsafe class Launcher
{
    /// <summary>Clones with CLONE_VM | CLONE_VFORK | CLONE_PIDFD | CLONE_CLEAR_SIGHAND and <paramref name="flags"/>.</summary>
    /// <param name="calls">What the child does; the last call is execve.</param>
    /// <param name="flags">Further CLONE_* flags.</param>
    /// <param name="cgroup">cgroup2 directory to be born in, or null.</param>
    /// <exception cref="LinuxException">clone3 itself failed.</exception>
    public static LaunchResult Launch(IReadOnlyList<ChildCall> calls, ulong flags, FileDescriptor? cgroup = null)
    {
        using CallTable table = new(calls);
        int pidfd = -1;
        Libc.clone_args arguments = new()
        {
            flags = Libc.CLONE_VM | Libc.CLONE_VFORK | Libc.CLONE_PIDFD | Libc.CLONE_CLEAR_SIGHAND | flags | (cgroup is null ? 0 : Libc.CLONE_INTO_CGROUP),
            pidfd = (ulong)&pidfd,
            exit_signal = Libc.SIGCHLD,
            cgroup = (ulong)(cgroup?.Number ?? 0),
        };
        // SAFETY: arguments, pidfd and the table outlive the call, which returns only when the child has left this memory.
        nint pid = ChildStub.Run(&arguments, table.Address);
        GC.KeepAlive(cgroup);
        GC.KeepAlive(calls);
        if (pid < 0) throw new LinuxException("clone3", (Errno)(-pid));
        FileDescriptor handle = new(pidfd);
        if (table.Failure() is not var (call, errno)) return new LaunchResult((int)pid, handle, null, Errno.None);
        Libc.Wait(handle);
        handle.Dispose();
        return new LaunchResult((int)pid, null, call.Step, errno);
    }
}
