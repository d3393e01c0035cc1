namespace Berth.Containers.Spec;

/// <summary>Checks of single values.</summary>
public static partial class SpecValidator
{
    private static bool CheckCount(int count, string field, List<string> problems)
    {
        if (count <= MaxListLength)
            return true;
        problems.Add($"{field}: {count} entries are more than the allowed {MaxListLength}");
        return false;
    }

    private static void CheckText(string? text, string field, int maxLength, List<string> problems)
    {
        if (text is null)
            return;
        if (text.Length > maxLength)
            problems.Add($"{field}: is longer than {maxLength} characters");
        else if (text.Contains('\0'))
            problems.Add($"{field}: contains a NUL character");
    }

    private static void CheckTexts(IReadOnlyList<string> texts, string field, int maxLength, List<string> problems)
    {
        if (texts.Count > 64 * 1024)
        {
            problems.Add($"{field}: {texts.Count} entries are too many");
            return;
        }
        for (int i = 0; i < texts.Count; i++)
        {
            if (texts[i] is null)
                problems.Add($"{field}[{i}]: is null");
            else
                CheckText(texts[i], $"{field}[{i}]", maxLength, problems);
        }
    }

    private static void CheckPath(string path, string field, List<string> problems)
    {
        if (path.Length == 0)
            problems.Add($"{field}: is missing");
        else
            CheckText(path, field, MaxPathLength, problems);
    }

    private static void CheckAbsolute(string? path, string field, List<string> problems)
    {
        if (string.IsNullOrEmpty(path))
            problems.Add($"{field}: is missing");
        else if (path[0] != '/')
            problems.Add($"{field}: \"{Shorten(path)}\" must be an absolute path");
        else
            CheckText(path, field, MaxPathLength, problems);
    }

    private static void CheckAbsolutes(IReadOnlyList<string> paths, string field, List<string> problems)
    {
        if (!CheckCount(paths.Count, field, problems))
            return;
        for (int i = 0; i < paths.Count; i++)
            CheckAbsolute(paths[i], $"{field}[{i}]", problems);
    }

    private static void CheckHostName(string? name, string field, List<string> problems)
    {
        if (name is { Length: > 64 })
            problems.Add($"{field}: is longer than 64 characters");
        else if (name is not null && name.AsSpan().ContainsAny('\0', '\n', '/'))
            problems.Add($"{field}: \"{Shorten(name)}\" contains a character that is not allowed");
    }

    private static void CheckMappings(IReadOnlyList<IdMapping> mappings, string field, List<string> problems)
    {
        if (mappings.Count > 340) // user_namespaces(7): the kernel's own limit
            problems.Add($"{field}: {mappings.Count} entries are more than the kernel's 340");
        for (int i = 0; i < Math.Min(mappings.Count, 340); i++)
        {
            if (mappings[i] is not { } mapping)
                problems.Add($"{field}[{i}]: is null");
            else if (mapping.Size == 0)
                problems.Add($"{field}[{i}].size: must not be 0");
            else if ((ulong)mapping.ContainerId + mapping.Size > uint.MaxValue || (ulong)mapping.HostId + mapping.Size > uint.MaxValue)
                problems.Add($"{field}[{i}]: the range ends above the highest id 4294967294");
        }
    }

    private static string Shorten(string text) => text.Length <= 80 ? text : text[..77] + "...";
}
