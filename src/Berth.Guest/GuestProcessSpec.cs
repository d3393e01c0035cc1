using Berth.Guest.Protocol;

namespace Berth.Guest;

/// <summary>A process to start in a machine.</summary>
public sealed record GuestProcessSpec
{
    /// <summary>Program and arguments; a name without a slash is looked up in PATH.</summary>
    public required IReadOnlyList<string> Args { get; init; }

    /// <summary>Environment as <c>NAME=value</c>; PATH and HOME are added when missing.</summary>
    public IReadOnlyList<string> Env { get; init; } = [];

    /// <summary>Working directory; empty for /. For the main process it is made when missing.</summary>
    public string Cwd { get; init; } = "";

    /// <summary><c>user[:group]</c>, names or numbers, resolved in the image; empty for root.</summary>
    public string User { get; init; } = "";

    /// <summary>Further groups, names or numbers.</summary>
    public IReadOnlyList<string> Groups { get; init; } = [];

    /// <summary>Resource limits, 16 at most.</summary>
    public IReadOnlyList<GuestLimit> Limits { get; init; } = [];

    /// <summary>File creation mask.</summary>
    public uint Umask { get; init; } = 18; // 022

    /// <summary>Whether it gets a terminal; then all output is one stream.</summary>
    public bool Tty { get; init; }

    /// <summary>Size of the terminal at first.</summary>
    public (int Rows, int Columns) TtySize { get; init; } = (24, 80);

    /// <summary>Whether its input stays open for <see cref="GuestProcess.WriteAsync"/>; else it is /dev/null.</summary>
    public bool OpenStdin { get; init; }

    /// <summary>Whether it is the machine's main process: process 1 of the namespace all later ones join, which ends with it.</summary>
    public bool IsMain { get; init; }

    /// <summary>Whether a small init process stands before the main process and reaps for it.</summary>
    public bool Init { get; init; }

    /// <summary>Whether it and its children can gain no privileges by execve(2).</summary>
    public bool NoNewPrivileges { get; init; }

    internal ReadOnlyMemory<byte> ToPayload()
    {
        int flags = (Tty ? 1 : 0) | (IsMain ? 2 : 0) | (OpenStdin ? 4 : 0) | (Init ? 8 : 0) | (NoNewPrivileges ? 16 : 0);
        PayloadWriter writer = new PayloadWriter().Byte((byte)flags).UInt16(TtySize.Rows).UInt16(TtySize.Columns).UInt32(Umask)
            .Texts(Args).Texts(Env).Text(Cwd).Text(User).Texts(Groups).UInt32((uint)Limits.Count);
        foreach (GuestLimit limit in Limits)
        {
            writer.UInt32(limit.Resource).UInt64(limit.Soft).UInt64(limit.Hard);
        }
        return writer.Written;
    }
}
