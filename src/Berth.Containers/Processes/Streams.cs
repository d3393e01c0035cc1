using Berth.Containers.Lifecycle;
using Berth.Containers.Spec;
using Berth.Linux;
using static Berth.Linux.Libc;

namespace Berth.Containers.Processes;

/// <summary>The descriptors that become a new process's standard streams, with numbers above 2.</summary>
internal sealed class Streams : IDisposable
{
    private readonly List<IDisposable> _owned = [];
    private FileDescriptor? _master;

    private Streams() { }

    /// <summary>What the child needs.</summary>
    public StdioPlan Plan { get; private set; } = null!;

    /// <summary>Takes ownership of the console's descriptors, if there is one, and sets its size.</summary>
    public static Streams Open(ProcessSpec process, ProcessStdio stdio, (FileDescriptor Master, FileDescriptor Peer)? console)
    {
        Streams result = new();
        if (console is var (master, peer))
        {
            result._master = master;
            result._owned.Add(peer);
            if (process.ConsoleSize is { } size) SetWindowSize(master, (int)size.Height, (int)size.Width);
            result.Plan = new StdioPlan(peer, peer, peer, IsTerminal: true);
            return result;
        }
        result.Plan = new StdioPlan(result.Above2(stdio.Stdin, O_RDONLY), result.Above2(stdio.Stdout, O_WRONLY), result.Above2(stdio.Stderr, O_WRONLY), IsTerminal: false);
        return result;
    }

    /// <summary>Makes a user of the host the owner of the terminal, or of the pipes, so that the process can open them again by
    /// /dev/stdout and the like.</summary>
    public void GiveTo(uint hostUid)
    {
        foreach (FileDescriptor descriptor in (FileDescriptor[])[Plan.Stdin, Plan.Stdout, Plan.Stderr])
        {
            if (Plan.IsTerminal || Stat(descriptor).FileType == S_IFIFO) ChangeOwnerAt(descriptor, "", hostUid, uint.MaxValue);
        }
    }

    /// <summary>Keeps what the child needs besides until this is disposed.</summary>
    public T Keep<T>(T needed) where T : IDisposable
    {
        _owned.Add(needed);
        return needed;
    }

    /// <summary>Hands over the terminal's master side.</summary>
    public FileDescriptor? TakeMaster()
    {
        FileDescriptor? master = _master;
        _master = null;
        return master;
    }

    public void Dispose()
    {
        foreach (IDisposable owned in _owned) owned.Dispose();
        _master?.Dispose();
    }

    private FileDescriptor Above2(FileDescriptor? given, int flags)
    {
        if (given is { Number: > 2 }) return given;
        FileDescriptor own = given is null ? Libc.Open("/dev/null", flags) : Duplicate(given);
        if (own.Number <= 2)
        {
            using FileDescriptor low = own;
            own = Duplicate(low);
        }
        _owned.Add(own);
        return own;
    }
}
