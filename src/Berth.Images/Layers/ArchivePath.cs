namespace Berth.Images.Layers;

/// <summary>Names inside archives, taken apart. Absolute names and <c>..</c> are refused rather than bent into something harmless.</summary>
internal static class ArchivePath
{
    private const int MaxComponents = 1024;

    /// <summary>The parts of a name without <c>.</c> and empty ones; none for the root itself.</summary>
    public static string[] Split(string name, string entry)
    {
        if (name.StartsWith('/'))
        {
            throw ImageException.BadEntry(entry, name == entry ? "absolute names are refused" : $"its link target \"{ImageException.Printable(name)}\" is absolute");
        }
        string[] parts = [.. name.Split('/').Where(part => part is not ("" or "."))];
        if (parts.Contains(".."))
        {
            throw ImageException.BadEntry(entry, name == entry ? "names with \"..\" are refused" : $"its link target \"{ImageException.Printable(name)}\" holds \"..\"");
        }
        if (parts.Length > MaxComponents)
        {
            throw ImageException.BadEntry(entry, $"it lies more than {MaxComponents} directories deep");
        }
        return parts;
    }
}
