using System.Globalization;
using Berth.Cli.CommandLine;
using Berth.Cli.Parsing;
using Berth.Compose.Loading;
using Berth.Compose.Yaml;

namespace Berth.Compose.Model;

/// <summary>
/// Reads the attributes of a mapping. What was asked for is known; <see cref="End"/> complains about everything else by its place,
/// with the nearest known name. Names that begin with <c>x-</c> are free.
/// </summary>
internal sealed class Fields(MappingNode map, string what)
{
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);

    /// <summary>What it is called in complaints.</summary>
    public string What => what;

    /// <summary>The value, or null when it is missing or has none.</summary>
    public Node? this[string key]
    {
        get
        {
            _known.Add(key);
            var node = map[key];
            return Expect.IsNull(node) ? null : node;
        }
    }

    /// <summary>Where it begins.</summary>
    public Mark Mark => map.Mark;

    /// <summary>Digest of all its attributes.</summary>
    public string Digest() => ProjectReader.Digest(NodeJson.ToJson(map, sorted: true)!.ToJsonString());

    /// <summary>Where the attribute stands.</summary>
    public Mark MarkOf(string key) => map.MarkOf(key);

    /// <summary>Attributes that are allowed and have no meaning here.</summary>
    public Fields Ignore(params ReadOnlySpan<string> keys)
    {
        foreach (var key in keys)
        {
            _known.Add(key);
        }
        return this;
    }

    /// <summary>Complains about attributes nobody asked for.</summary>
    public void End()
    {
        foreach (var key in map.Keys)
        {
            if (!_known.Contains(key) && !key.StartsWith("x-", StringComparison.Ordinal))
            {
                throw new ComposeException(map.MarkOf(key), $"unknown attribute \"{key}\" of {what}{Spelling.Hint(key, _known)}");
            }
        }
    }

    /// <summary>A text, or null.</summary>
    public string? Text(string key) => this[key] is { } node ? Expect.Text(node, $"{what}.{key}") : null;

    /// <summary>A text out of a list of allowed ones, or null.</summary>
    public string? OneOf(string key, params string[] allowed) => Text(key) is not { } text ? null
        : allowed.Contains(text) ? text
        : throw new ComposeException(this[key]!.Mark, $"{what}.{key} is \"{text}\"; allowed: {string.Join(", ", allowed)}{Spelling.Hint(text, allowed)}");

    /// <summary>A truth value, or null.</summary>
    public bool? Flag(string key) => Text(key) is not { } text ? null : text.ToLowerInvariant() switch
    {
        "true" or "yes" or "on" or "y" or "1" => true,
        "false" or "no" or "off" or "n" or "0" => false,
        _ => throw Wrong(key, text, "true or false"),
    };

    /// <summary>A whole number, or null.</summary>
    public long? Number(string key) => Text(key) is not { } text ? null
        : long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number
        : throw Wrong(key, text, "a whole number");

    /// <summary>A number, or null.</summary>
    public decimal? Fraction(string key) => Text(key) is not { } text ? null
        : decimal.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) && number is > -1_000_000 and < 1_000_000 ? number
        : throw Wrong(key, text, "a number");

    /// <summary>A size in bytes, -1 for no limit, or null.</summary>
    public long? Size(string key)
    {
        if (Text(key) is not { } text)
        {
            return null;
        }
        try
        {
            return SizeText.ParseOrUnlimited(text, key);
        }
        catch (UsageException)
        {
            throw Wrong(key, text, "a size as 512, 64m or 1.5gb");
        }
    }

    /// <summary>A duration in nanoseconds, or null.</summary>
    public long? Duration(string key) => Text(key) is not { } text ? null : DurationText.TryParse(text) ?? throw Wrong(key, text, "a duration as 300ms, 10s or 1m30s");

    /// <summary>A list of texts, or null when it is missing.</summary>
    public IReadOnlyList<string>? TextsOrNull(string key) => this[key] is { } node ? [.. Expect.List(node, $"{what}.{key}").Items.Select(item => Expect.Text(item, $"{what}.{key}"))] : null;

    /// <summary>A list of texts; empty when it is missing.</summary>
    public IReadOnlyList<string> Texts(string key) => TextsOrNull(key) ?? [];

    /// <summary>Names and texts; a name without value has null.</summary>
    public IReadOnlyDictionary<string, string?> Pairs(string key)
    {
        OrderedDictionary<string, string?> pairs = [];
        if (this[key] is { } node)
        {
            foreach (var (name, entry) in Expect.Mapping(node, $"{what}.{key}").Entries)
            {
                pairs[name] = Expect.IsNull(entry.Value) ? null : Expect.Text(entry.Value, $"{what}.{key}.{name}");
            }
        }
        return pairs;
    }

    /// <summary>Names and texts; a name without value has an empty one.</summary>
    public IReadOnlyDictionary<string, string> TextPairs(string key) => Pairs(key).ToDictionary(pair => pair.Key, pair => pair.Value ?? "");

    /// <summary>The mapping below, read by <paramref name="read"/>, or null.</summary>
    public T? Map<T>(string key, Func<Fields, T> read) where T : class => this[key] is { } node ? Read(node, $"{what}.{key}", read) : null;

    /// <summary>The mappings of a list.</summary>
    public IReadOnlyList<T> List<T>(string key, Func<Fields, T> read) =>
        this[key] is { } node ? [.. Expect.List(node, $"{what}.{key}").Items.Select(item => Read(item, $"{what}.{key}", read))] : [];

    /// <summary>The named mappings below; one without value is empty.</summary>
    public IReadOnlyDictionary<string, T> Named<T>(string key, Func<string, Fields, T> read)
    {
        OrderedDictionary<string, T> all = [];
        if (this[key] is { } node)
        {
            foreach (var (name, entry) in Expect.Mapping(node, $"{what}.{key}").Entries)
            {
                var value = Expect.IsNull(entry.Value) ? MappingNode.Empty(entry.KeyMark) : entry.Value;
                all[name] = Read(value, what.Length == 0 ? $"{key}.{name}" : $"{what}.{key}.{name}", fields => read(name, fields));
            }
        }
        return all;
    }

    /// <summary>The complaint about a value.</summary>
    public ComposeException Wrong(string key, string text, string expected) => new(this[key]!.Mark, $"{what}.{key} is \"{text}\"; {expected} is expected");

    private static T Read<T>(Node node, string name, Func<Fields, T> read)
    {
        Fields fields = new(Expect.Mapping(node, name), name);
        var value = read(fields);
        fields.End();
        return value;
    }
}
