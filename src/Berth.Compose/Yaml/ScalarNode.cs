namespace Berth.Compose.Yaml;

/// <summary>A text, number, truth value or null.</summary>
public sealed class ScalarNode(Mark mark, string text, bool plain = false, MergeTag tag = MergeTag.None) : Node(mark, tag)
{
    /// <summary>The text without quotes.</summary>
    public string Text { get; } = text;

    /// <summary>Written without quotes: it may be a number, a truth value or null.</summary>
    public bool Plain { get; } = plain;

    /// <summary>No value.</summary>
    public bool IsNull => Plain && Text is ("" or "~" or "null" or "Null" or "NULL");

    /// <inheritdoc/>
    public override long Weight => 1 + (Text.Length / 64);

    /// <inheritdoc/>
    public override string Kind => IsNull ? "nothing" : "a text";

    /// <summary>No value, at <paramref name="mark"/>.</summary>
    public static ScalarNode Null(Mark mark) => new(mark, "null", plain: true);
}
