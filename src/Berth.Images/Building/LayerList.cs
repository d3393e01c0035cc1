using Berth.Images.Store;

namespace Berth.Images.Building;

/// <summary>The layers of a file system that a build works on, lowest first. Equal stacks have equal content.</summary>
public sealed class LayerList
{
    private readonly IReadOnlyList<Digest> _chain;

    internal LayerList(IReadOnlyList<StackLayer> layers)
    {
        Layers = layers;
        _chain = LayerChain.Of([.. layers.Select(layer => layer.DiffId)]);
    }

    /// <summary>No layer at all: <c>FROM scratch</c>.</summary>
    public static LayerList Empty { get; } = new([]);

    /// <summary>Its content's name: the top chain id, or <c>scratch</c>. [OCI-IMG] config.md "Layer ChainID".</summary>
    public string Name => _chain.Count == 0 ? "scratch" : _chain[^1].ToString();

    /// <summary>How many layers it has.</summary>
    public int Count => Layers.Count;

    internal IReadOnlyList<StackLayer> Layers { get; }

    internal IReadOnlyList<Digest> Chain => _chain;

    internal IEnumerable<Digest> Pins => [.. _chain, .. Layers.Select(layer => layer.Digest)];
}
