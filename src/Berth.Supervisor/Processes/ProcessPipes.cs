using Berth.Linux;

namespace Berth.Supervisor.Processes;

/// <summary>
/// Both ends of a process's streams. The process gets outputs opened O_RDWR: it is its own reader, so it lives on, blocked at worst by a full
/// pipe, while no supervisor runs. Standard input is read-only, else it would never end.
/// </summary>
internal sealed class ProcessPipes : IDisposable
{
    // Whoever the process runs as may reopen its streams through /proc/self/fd, as with docker; the directory above is closed to others.
    private const uint Mode = 0x1B6; // 0666

    public FileDescriptor? ChildStdin { get; private set; }

    public FileDescriptor? ChildStdout { get; private set; }

    public FileDescriptor? ChildStderr { get; private set; }

    public FileDescriptor? Stdin { get; private set; }

    public FileDescriptor? Stdout { get; private set; }

    public FileDescriptor? Stderr { get; private set; }

    /// <summary>Makes the FIFOs; a process with a terminal needs none.</summary>
    public static ProcessPipes Create(ProcessFiles files, bool tty, bool openStdin)
    {
        ProcessPipes pipes = new();
        if (tty)
            return pipes;
        try
        {
            files.RemovePipes();
            if (openStdin)
            {
                Make(files.Stdin);
                pipes.ChildStdin = Libc.Open(files.Stdin, Libc.O_RDONLY | Libc.O_NONBLOCK | Libc.O_CLOEXEC);
                pipes.Stdin = Libc.Open(files.Stdin, Libc.O_WRONLY | Libc.O_NONBLOCK | Libc.O_CLOEXEC);
                Libc.SetNonBlocking(pipes.ChildStdin, false);
            }
            Make(files.Stdout);
            pipes.ChildStdout = Libc.Open(files.Stdout, Libc.O_RDWR | Libc.O_CLOEXEC);
            Make(files.Stderr);
            pipes.ChildStderr = Libc.Open(files.Stderr, Libc.O_RDWR | Libc.O_CLOEXEC);
            pipes.OpenOutputs(files);
            return pipes;
        }
        catch
        {
            pipes.Dispose();
            throw;
        }
    }

    /// <summary>Opens the supervisor's ends of pipes that an earlier supervisor made; what is missing stays null.</summary>
    public static ProcessPipes Reopen(ProcessFiles files, bool openStdin)
    {
        ProcessPipes pipes = new();
        if (openStdin) // fails with ENXIO when the process has closed its input
            pipes.Stdin = Libc.TryOpenAt(null, files.Stdin, Libc.O_WRONLY | Libc.O_NONBLOCK | Libc.O_CLOEXEC | Libc.O_NOFOLLOW, 0, out _);
        if (File.Exists(files.Stdout))
            pipes.OpenOutputs(files);
        return pipes;
    }

    /// <summary>Closes the process's ends: from now on end of file shows when the process has closed its own.</summary>
    public void CloseChildEnds()
    {
        ChildStdin?.Dispose();
        ChildStdout?.Dispose();
        ChildStderr?.Dispose();
    }

    public void Dispose()
    {
        CloseChildEnds();
        Stdin?.Dispose();
        Stdout?.Dispose();
        Stderr?.Dispose();
    }

    private void OpenOutputs(ProcessFiles files)
    {
        Stdout = Libc.Open(files.Stdout, Libc.O_RDONLY | Libc.O_NONBLOCK | Libc.O_CLOEXEC | Libc.O_NOFOLLOW);
        Stderr = Libc.Open(files.Stderr, Libc.O_RDONLY | Libc.O_NONBLOCK | Libc.O_CLOEXEC | Libc.O_NOFOLLOW);
    }

    private static void Make(string path)
    {
        Libc.MakeFifo(path, Mode);
        Libc.ChangeModeAt(null, path, Mode); // past the umask
    }
}
