namespace Berth.Images.Store;

/// <summary>An image the store holds.</summary>
internal sealed record ImageRecord
{
    public required Digest Manifest { get; init; }

    /// <summary>The image it was committed from, if any.</summary>
    public Digest? Parent { get; init; }

    /// <summary>When a reference was last put on it, or when it was stored.</summary>
    public required DateTimeOffset LastTagged { get; init; }
}
