using Berth.Compose.Yaml;

namespace Berth.Compose.Loading;

/// <summary>Replaces variables in every value of a tree; names stay as they are.</summary>
internal sealed class TreeInterpolation
{
    private readonly Interpolation _interpolation;

    /// <summary>Complains about unset variables through <paramref name="warn"/>.</summary>
    public TreeInterpolation(Variables variables, Action<string> warn) =>
        _interpolation = new Interpolation(name => variables[name], name => warn($"The variable {name} is not set; an empty text takes its place."));

    /// <summary>The tree with its variables replaced.</summary>
    public Node Apply(Node node)
    {
        switch (node)
        {
            case MappingNode mapping:
                return mapping.Select((_, value) => Apply(value));
            case SequenceNode list:
                return new SequenceNode(list.Mark, [.. list.Items.Select(Apply)], list.Tag);
            default:
                var scalar = (ScalarNode)node;
                if (!scalar.Text.Contains('$', StringComparison.Ordinal))
                {
                    return scalar;
                }
                try
                {
                    return new ScalarNode(scalar.Mark, _interpolation.Replace(scalar.Text), tag: scalar.Tag);
                }
                catch (FormatException e)
                {
                    throw new ComposeException(scalar.Mark, e.Message);
                }
                catch (ComposeException e)
                {
                    throw new ComposeException(scalar.Mark, e.Message);
                }
        }
    }
}
