namespace Berth.Images.Store;

/// <summary>What <c>state.json</c> holds: the store's roots. Everything not reachable from here is garbage.</summary>
internal sealed record StoreState
{
    public const int CurrentVersion = 1;

    public int Version { get; init; } = CurrentVersion;

    /// <summary>By image id, the digest of the configuration.</summary>
    public Dictionary<Digest, ImageRecord> Images { get; init; } = [];

    /// <summary>By canonical reference: the image id.</summary>
    public Dictionary<string, Digest> References { get; init; } = new(StringComparer.Ordinal);

    /// <summary>By chain id: the unpacked layers.</summary>
    public Dictionary<Digest, LayerRecord> Layers { get; init; } = [];

    public StoreState Copy() => new()
    {
        Images = new Dictionary<Digest, ImageRecord>(Images),
        References = new Dictionary<string, Digest>(References, StringComparer.Ordinal),
        Layers = new Dictionary<Digest, LayerRecord>(Layers),
    };

    /// <summary>Drops images and every reference to them.</summary>
    public void Forget(params ReadOnlySpan<Digest> ids)
    {
        foreach (Digest id in ids)
        {
            Images.Remove(id);
            foreach (string name in References.Where(reference => reference.Value == id).Select(reference => reference.Key).ToArray())
            {
                References.Remove(name);
            }
        }
    }
}
