using System.Runtime.InteropServices;

namespace Berth.Linux;

// spawn.h: starting a daemon that outlives its starter (Process.Start cannot make a session or choose descriptors); unistd.h: becoming another program
public static partial class Libc
{
    private const short POSIX_SPAWN_SETSIGDEF = 4, POSIX_SPAWN_SETSIGMASK = 8, POSIX_SPAWN_SETSID = 0x80;

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int posix_spawn(out int pid, string path, nint actions, nint attributes, string?[] argv, string?[] envp);

    [LibraryImport(Library)]
    private static partial int posix_spawn_file_actions_init(Span<byte> actions);

    [LibraryImport(Library)]
    private static partial int posix_spawn_file_actions_destroy(nint actions);

    [LibraryImport(Library)]
    private static partial int posix_spawn_file_actions_adddup2(nint actions, int fd, int newFd);

    [LibraryImport(Library)]
    private static partial int posix_spawnattr_init(Span<byte> attributes);

    [LibraryImport(Library)]
    private static partial int posix_spawnattr_setflags(nint attributes, short flags);

    [LibraryImport(Library)]
    private static partial int posix_spawnattr_setsigmask(nint attributes, ReadOnlySpan<ulong> set);

    [LibraryImport(Library)]
    private static partial int posix_spawnattr_setsigdefault(nint attributes, ReadOnlySpan<ulong> set);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int execv(string path, string?[] argv);

    /// <summary>Replaces this process by another program with the same environment. Returns only when that failed: why.</summary>
    public static LinuxException Execute(string path, IReadOnlyList<string> arguments)
    {
        _ = execv(path, [.. arguments, null]);
        return new LinuxException("execve", (Errno)Marshal.GetLastPInvokeError(), path);
    }

    /// <summary>Starts a program in a session of its own with the three given standard descriptors; every other descriptor must be
    /// close-on-exec. The caller reaps it, or ends and leaves it to init.</summary>
    public static int SpawnSession(string path, IReadOnlyList<string> arguments, IReadOnlyList<string> environment,
        FileDescriptor stdin, FileDescriptor stdout, FileDescriptor stderr) =>
        Spawn(path, arguments, environment, POSIX_SPAWN_SETSID, [(stdin, 0), (stdout, 1), (stderr, 2)]);

    /// <summary>Starts a program that keeps the given descriptors under their numbers; every other one must be close-on-exec. The caller reaps it.</summary>
    public static int Spawn(string path, IReadOnlyList<string> arguments, IReadOnlyList<FileDescriptor> descriptors) =>
        Spawn(path, arguments, [], 0, [.. descriptors.Select(static d => (d, d.Number))]);

    private static unsafe int Spawn(string path, IReadOnlyList<string> arguments, IReadOnlyList<string> environment, short flags,
        ReadOnlySpan<(FileDescriptor From, int To)> descriptors)
    {
        // glibc: posix_spawn_file_actions_t is 80 bytes, posix_spawnattr_t 336; both take room to spare.
        Span<byte> actionBytes = stackalloc byte[256], attributeBytes = stackalloc byte[512];
        Span<ulong> none = stackalloc ulong[16], all = stackalloc ulong[16];
        none.Clear();
        all.Fill(ulong.MaxValue);
        // SAFETY: both objects live on the stack for the whole method and are larger than the C library's types.
        fixed (byte* actions = actionBytes, attributes = attributeBytes)
        {
            posix_spawn_file_actions_init(actionBytes);
            posix_spawnattr_init(attributeBytes);
            // Where both numbers are equal this clears close-on-exec.
            foreach ((FileDescriptor from, int to) in descriptors) _ = posix_spawn_file_actions_adddup2((nint)actions, from.Number, to);
            _ = posix_spawnattr_setsigmask((nint)attributes, none);
            _ = posix_spawnattr_setsigdefault((nint)attributes, all);
            _ = posix_spawnattr_setflags((nint)attributes, (short)(flags | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF));
            int error = posix_spawn(out int pid, path, (nint)actions, (nint)attributes, [.. arguments, null], [.. environment, null]);
            _ = posix_spawn_file_actions_destroy((nint)actions);
            return error == 0 ? pid : throw new LinuxException("posix_spawn", (Errno)error, path);
        }
    }
}
