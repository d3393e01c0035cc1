namespace Berth.Engine.Planning;

/// <summary>What the files below /etc say of an instance's networks.</summary>
/// <param name="Addresses">Its own addresses.</param>
/// <param name="Gateway">Where its name server is and the host can be reached; null without a network.</param>
internal sealed record EtcFacts(IReadOnlyList<string> Addresses, string? Gateway)
{
    public static EtcFacts None { get; } = new([], null);
}
