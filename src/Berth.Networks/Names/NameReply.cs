using System.Net;

namespace Berth.Networks.Names;

/// <summary>What is known of a name that a client asked for.</summary>
public sealed record NameReply
{
    /// <summary>The client may not ask.</summary>
    public static NameReply Refused { get; } = new();

    /// <summary>It is ours: its addresses of both families.</summary>
    public IReadOnlyList<IPAddress>? Addresses { get; init; }

    /// <summary>It is the name of one of our addresses.</summary>
    public string? Pointer { get; init; }

    /// <summary>It is not ours: servers to ask, in this order.</summary>
    public IReadOnlyList<IPAddress>? Forward { get; init; }
}
