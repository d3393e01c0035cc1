using Berth.Cli.CommandLine;

namespace Berth.Cli.Parsing;

/// <summary>Environment variables and labels, from flags and from files.</summary>
internal static class KeyValue
{
    private const int MaximumFile = 16 * 1024 * 1024;

    /// <summary>
    /// The variables of <c>--env-file</c> files, then of <c>--env</c> flags. A name without a value takes the value of the caller's
    /// environment, and is left out when there is none.
    /// </summary>
    public static List<string> Environment(IReadOnlyList<string> files, IReadOnlyList<string> flags, Func<string, string?> environment)
    {
        List<string> all = [];
        foreach (var file in files)
        {
            foreach (var line in Lines(file, "env-file"))
            {
                Add(line, $"{file}: ");
            }
        }
        foreach (var flag in flags)
        {
            Add(flag, "--env: ");
        }
        return all;

        void Add(string text, string where)
        {
            var name = text.Split('=', 2)[0];
            if (name.Length == 0 || name.Any(char.IsWhiteSpace))
            {
                throw new UsageException($"{where}invalid environment variable \"{text}\": the name is empty or contains a blank");
            }
            if (name.Length < text.Length)
            {
                all.Add(text);
            }
            else if (environment(name) is { } value)
            {
                all.Add($"{name}={value}");
            }
        }
    }

    /// <summary>Labels from <c>--label-file</c> files, then from <c>--label</c> flags; the last of equal names counts.</summary>
    public static Dictionary<string, string> Labels(IReadOnlyList<string> files, IReadOnlyList<string> flags)
    {
        var labels = new Dictionary<string, string>(StringComparer.Ordinal);
        if (files.Count + flags.Count == 0)
        {
            return labels;
        }
        foreach (var text in files.SelectMany(file => Lines(file, "label-file")).Concat(flags))
        {
            var parts = text.Split('=', 2);
            if (parts[0].Length == 0)
            {
                throw new UsageException($"invalid label \"{text}\": the name is empty");
            }
            labels[parts[0]] = parts.Length > 1 ? parts[1] : "";
        }
        return labels;
    }

    /// <summary>Pairs <c>name=value</c> of an option such as <c>--sysctl</c>.</summary>
    public static Dictionary<string, string> Pairs(IReadOnlyList<string> values, string flag, bool valueRequired = true)
    {
        var pairs = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var text in values)
        {
            var parts = text.Split('=', 2);
            if (parts[0].Length == 0 || (valueRequired && parts.Length < 2))
            {
                throw new UsageException($"invalid value \"{text}\" for --{flag}: write it as name=value");
            }
            pairs[parts[0]] = parts.Length > 1 ? parts[1] : "";
        }
        return pairs;
    }

    private static IEnumerable<string> Lines(string file, string flag)
    {
        FileInfo info = new(file);
        if (!info.Exists)
        {
            throw new UsageException($"--{flag}: there is no file {file}");
        }
        if (info.Length > MaximumFile)
        {
            throw new UsageException($"--{flag}: {file} is larger than {MaximumFile} bytes");
        }
        foreach (var line in File.ReadLines(file))
        {
            var text = line.TrimStart();
            if (text.Length > 0 && text[0] != '#')
            {
                yield return text;
            }
        }
    }
}
