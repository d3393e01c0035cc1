namespace Berth.Images.Store;

/// <summary>Where the parts of a store lie.</summary>
internal sealed class StorePaths(string root)
{
    public string Root { get; } = root;

    public string Lock { get; } = Path.Combine(root, "lock");

    public string State { get; } = Path.Combine(root, "state.json");

    public string Blobs { get; } = Path.Combine(root, "blobs", "sha256");

    public string Layers { get; } = Path.Combine(root, "layers");

    /// <summary>Everything unfinished; emptied whenever the store is opened.</summary>
    public string Staging { get; } = Path.Combine(root, "tmp");

    /// <summary>Downloaded packages, kept between runs.</summary>
    public string Cache { get; } = Path.Combine(root, "cache");

    /// <summary>Downloads that broke off.</summary>
    public string Partials { get; } = Path.Combine(root, "partial");

    /// <summary>Results of build steps, by key.</summary>
    public string Steps { get; } = Path.Combine(root, "steps");

    public string Step(Digest key) => Path.Combine(Steps, key.Hex);

    public string PartialBlob(Digest digest) => Path.Combine(Partials, digest.Hex);

    public string Blob(Digest digest) => Path.Combine(Blobs, digest.Hex);

    public string Layer(Digest chainId) => Path.Combine(Layers, chainId.Hex);

    public string NewStaging(string kind) => Path.Combine(Staging, $"{kind}-{Guid.NewGuid():n}");
}
