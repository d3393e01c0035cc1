using System.Globalization;

namespace Berth.Compose.Yaml;

/// <summary>A place in a file; lines and columns count from one.</summary>
public readonly record struct Mark(string File, long Line, long Column)
{
    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{File}:{Line}:{Column}");
}
