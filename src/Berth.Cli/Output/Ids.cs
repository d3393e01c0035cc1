namespace Berth.Cli.Output;

/// <summary>Shortens ids the way docker does.</summary>
internal static class Ids
{
    /// <summary>The first twelve digits, without the name of the hash.</summary>
    public static string Short(string id)
    {
        var digits = id.StartsWith("sha256:", StringComparison.Ordinal) ? id["sha256:".Length..] : id;
        return digits.Length > 12 ? digits[..12] : digits;
    }

    /// <summary>At most <paramref name="length"/> characters, the last one … when something is cut.</summary>
    public static string Ellipsis(string text, int length) => text.Length <= length ? text : text[..(length - 1)] + "…";
}
