namespace Berth.Oci;

/// <summary>The options of a command line up to its first other word, and the words from there on.</summary>
internal sealed class Arguments
{
    private readonly List<(string Name, string Value)> _options = [];

    private Arguments(IReadOnlyList<string> words) => Words = words;

    /// <summary>What follows the options.</summary>
    public IReadOnlyList<string> Words { get; private set; }

    /// <summary>Reads <c>--name value</c>, <c>--name=value</c>, <c>--flag</c>, <c>--flag=false</c> and short forms; <c>--</c> ends the options.</summary>
    /// <param name="arguments">All words.</param>
    /// <param name="flags">Options without a value, a short form behind a bar: <c>force|f</c>.</param>
    /// <param name="values">Options with a value, likewise.</param>
    /// <exception cref="OciException">An option is unknown or lacks its value.</exception>
    public static Arguments Parse(IReadOnlyList<string> arguments, IReadOnlyList<string> flags, IReadOnlyList<string> values)
    {
        Arguments result = new([]);
        int i = 0;
        for (; i < arguments.Count; i++)
        {
            string word = arguments[i];
            if (word.Length < 2 || word[0] != '-') break;
            if (word == "--")
            {
                i++;
                break;
            }
            string[] parts = word.TrimStart('-').Split('=', 2);
            if (Find(flags, parts[0]) is { } flag)
            {
                string on = parts.Length == 2 ? parts[1] : "true";
                if (on is not ("true" or "false")) throw new OciException($"{word}: the value must be true or false");
                result._options.Add((flag, on));
            }
            else if (Find(values, parts[0]) is { } name)
            {
                if (parts.Length == 2) result._options.Add((name, parts[1]));
                else if (++i < arguments.Count) result._options.Add((name, arguments[i]));
                else throw new OciException($"{word} needs a value");
            }
            else
            {
                throw new OciException($"unknown option {word}; see berth-oci --help");
            }
        }
        result.Words = [.. arguments.Skip(i)];
        return result;
    }

    /// <summary>Whether a flag was given and not taken back.</summary>
    public bool Has(string flag) => _options.LastOrDefault(o => o.Name == flag).Value == "true";

    /// <summary>The last value given, or null.</summary>
    public string? Value(string name) => _options.LastOrDefault(o => o.Name == name).Value;

    /// <summary>All values given.</summary>
    public IReadOnlyList<string> Values(string name) => [.. _options.Where(o => o.Name == name).Select(static o => o.Value)];

    /// <summary>The one word that a command takes: a container's id.</summary>
    public string Id(string command) => Words.Count == 1 ? Words[0] : throw new OciException($"{command} takes one container id; see berth-oci --help");

    // The long name by either of its forms.
    private static string? Find(IReadOnlyList<string> known, string given) =>
        known.FirstOrDefault(k => k.Split('|').Contains(given))?.Split('|')[0];
}
