using Berth.Containers.Lifecycle;
using Berth.Linux;
using static Berth.Linux.Libc;

namespace Berth.Containers.Processes;

/// <summary>Finds the program to run as execvp(3) would inside the container, without leaving its root. Messages are docker's.</summary>
internal static class ExecutableLookup
{
    private const string DefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    public static string Find(FileDescriptor root, string name, IReadOnlyList<string> environment, string cwd)
    {
        if (name.Contains('/'))
        {
            string path = name.StartsWith('/') ? name : $"{cwd.TrimEnd('/')}/{name}";
            return Check(root, path) switch
            {
                Errno.None => path,
                Errno.ENOENT or Errno.ENOTDIR or Errno.ELOOP => throw NotFound($"exec: \"{name}\": stat {name}: no such file or directory"),
                Errno.EISDIR => throw NotRunnable($"exec: \"{name}\": is a directory", Errno.EISDIR),
                Errno errno => throw NotRunnable($"exec: \"{name}\": permission denied", errno),
            };
        }
        string search = environment.LastOrDefault(static v => v.StartsWith("PATH=", StringComparison.Ordinal))?[5..] ?? DefaultPath;
        bool denied = false;
        foreach (string directory in search.Split(':'))
        {
            // An empty element means the working directory.
            string path = directory.StartsWith('/') ? $"{directory.TrimEnd('/')}/{name}" : $"{cwd.TrimEnd('/')}/{directory}/{name}";
            Errno errno = Check(root, path);
            if (errno == Errno.None) return path;
            denied |= errno == Errno.EACCES;
        }
        throw denied
            ? NotRunnable($"exec: \"{name}\": permission denied", Errno.EACCES)
            : NotFound($"exec: \"{name}\": executable file not found in $PATH");
    }

    /// <summary>The message for an execve that the kernel refused.</summary>
    public static ContainerStartException Refused(string name, Errno errno) => errno switch
    {
        Errno.ENOENT or Errno.ENOTDIR => new($"exec {name}: no such file or directory", 127, "execve", errno),
        Errno.ENOEXEC => new($"exec {name}: exec format error", 126, "execve", errno),
        Errno.EACCES or Errno.EPERM => new($"exec: \"{name}\": permission denied", 126, "execve", errno),
        Errno.E2BIG => new($"exec {name}: argument list too long", 126, "execve", errno),
        _ => new($"exec {name}: {errno.Describe()}", 126, "execve", errno),
    };

    private static Errno Check(FileDescriptor root, string path)
    {
        using FileDescriptor? file = PathWalker.TryOpenInRoot(root, path, O_PATH, out Errno errno);
        if (file is null) return errno;
        statx attributes = Stat(file);
        if (attributes.IsDirectory) return Errno.EISDIR;
        return attributes.IsRegularFile && (attributes.stx_mode & 0x49 /* 0111 */) != 0 ? Errno.None : Errno.EACCES;
    }

    private static ContainerStartException NotFound(string message) => new(message, 127, "executable lookup", Errno.ENOENT);

    private static ContainerStartException NotRunnable(string message, Errno errno) => new(message, 126, "executable lookup", errno);
}
