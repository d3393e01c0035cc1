namespace Berth.Images;

/// <summary>An image operation was refused or failed; <see cref="Code"/> says how to present it.</summary>
public sealed class ImageException(ImageErrorCode code, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>The kind of failure.</summary>
    public ImageErrorCode Code { get; } = code;

    internal static ImageException BadArchive(string message) => new(ImageErrorCode.InvalidArchive, message);

    internal static ImageException BadEntry(string entry, string why) =>
        new(ImageErrorCode.InvalidArchive, $"archive entry \"{Printable(entry)}\": {why}");

    /// <summary>Names from archives reach terminals: control characters are shown as <c>\xNN</c>, and long names are cut.</summary>
    internal static string Printable(string text)
    {
        var shown = new System.Text.StringBuilder(Math.Min(text.Length, 256));
        foreach (char c in text.AsSpan(0, Math.Min(text.Length, 200)))
        {
            if (c < ' ' || c is '\x7f' or '"' or '\\')
            {
                shown.Append($"\\x{(int)c:x2}");
            }
            else
            {
                shown.Append(c);
            }
        }
        return text.Length > 200 ? shown.Append('…').ToString() : shown.ToString();
    }
}
