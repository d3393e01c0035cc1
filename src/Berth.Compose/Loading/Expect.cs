using Berth.Compose.Yaml;

namespace Berth.Compose.Loading;

/// <summary>Takes nodes for what they must be, or complains with their place.</summary>
internal static class Expect
{
    /// <summary>A mapping.</summary>
    public static MappingNode Mapping(Node node, string what) =>
        node as MappingNode ?? throw new ComposeException(node.Mark, $"{what} is {node.Kind}; a mapping is expected");

    /// <summary>A list.</summary>
    public static SequenceNode List(Node node, string what) =>
        node as SequenceNode ?? throw new ComposeException(node.Mark, $"{what} is {node.Kind}; a list is expected");

    /// <summary>A text that is not null.</summary>
    public static ScalarNode Scalar(Node node, string what) =>
        node is ScalarNode { IsNull: false } scalar ? scalar : throw new ComposeException(node.Mark, $"{what} is {node.Kind}; a text is expected");

    /// <summary>The text of a scalar.</summary>
    public static string Text(Node node, string what) => Scalar(node, what).Text;

    /// <summary>True for a scalar without value.</summary>
    public static bool IsNull(Node? node) => node is null or ScalarNode { IsNull: true };
}
