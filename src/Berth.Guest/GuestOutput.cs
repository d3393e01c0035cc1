namespace Berth.Guest;

/// <summary>An output stream of a process; its number in the protocol and in Docker's frames.</summary>
public enum GuestOutput
{
    /// <summary>Standard output, or everything on a terminal.</summary>
    Stdout = 1,

    /// <summary>Standard error.</summary>
    Stderr = 2,
}
