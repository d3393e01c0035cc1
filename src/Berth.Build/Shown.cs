using System.Text;

namespace Berth.Build;

/// <summary>Text of a Dockerfile as messages show it: no control characters, and not too long.</summary>
public static class Shown
{
    private const int MaxLength = 120;

    /// <summary>One line of printable text.</summary>
    public static string Text(string text)
    {
        var shown = new StringBuilder(Math.Min(text.Length, MaxLength) + 1);
        foreach (char c in text.AsSpan(0, Math.Min(text.Length, MaxLength)))
            shown.Append(char.IsControl(c) ? ' ' : c);
        return text.Length > MaxLength ? shown.Append('…').ToString() : shown.ToString();
    }
}
