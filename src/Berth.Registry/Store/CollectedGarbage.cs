namespace Berth.Registry.Store;

/// <summary>What a collection removed.</summary>
internal sealed record CollectedGarbage(int Blobs, int Manifests, int Uploads, long Bytes)
{
    /// <summary>One line for people.</summary>
    public override string ToString() => $"removed {Blobs} blobs, {Manifests} untagged manifests and {Uploads} abandoned uploads: {Bytes} bytes";
}
