namespace Berth.Compose.Yaml;

/// <summary>A list.</summary>
public sealed class SequenceNode(Mark mark, IReadOnlyList<Node> items, MergeTag tag = MergeTag.None) : Node(mark, tag)
{
    /// <summary>The elements in their order.</summary>
    public IReadOnlyList<Node> Items { get; } = items;

    /// <inheritdoc/>
    public override long Weight { get; } = 1 + items.Sum(item => item.Weight);

    /// <inheritdoc/>
    public override string Kind => "a list";
}
