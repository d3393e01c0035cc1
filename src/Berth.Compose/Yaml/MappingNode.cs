namespace Berth.Compose.Yaml;

/// <summary>Names and values in the order they were written.</summary>
public sealed class MappingNode : Node
{
    private readonly OrderedDictionary<string, Entry> _entries;

    /// <summary>Takes the entries over; the caller does not use them again.</summary>
    public MappingNode(Mark mark, OrderedDictionary<string, Entry> entries, MergeTag tag = MergeTag.None) : base(mark, tag)
    {
        _entries = entries;
        Weight = 1 + entries.Values.Sum(entry => 1 + entry.Value.Weight);
    }

    /// <inheritdoc/>
    public override long Weight { get; }

    /// <inheritdoc/>
    public override string Kind => "a mapping";

    /// <summary>Number of entries.</summary>
    public int Count => _entries.Count;

    /// <summary>The names.</summary>
    public IEnumerable<string> Keys => _entries.Keys;

    /// <summary>The entries.</summary>
    public IEnumerable<KeyValuePair<string, Entry>> Entries => _entries;

    /// <summary>The value of that name, or null.</summary>
    public Node? this[string key] => _entries.TryGetValue(key, out var entry) ? entry.Value : null;

    /// <summary>A mapping without entries.</summary>
    public static MappingNode Empty(Mark mark) => new(mark, []);

    /// <summary>Where the name stands; the mapping's own place when it has none.</summary>
    public Mark MarkOf(string key) => _entries.TryGetValue(key, out var entry) ? entry.KeyMark : Mark;

    /// <summary>This mapping with one entry set, at its place when it was there.</summary>
    public MappingNode With(string key, Node value)
    {
        OrderedDictionary<string, Entry> entries = new(_entries) { [key] = new Entry(value, MarkOf(key)) };
        return new MappingNode(Mark, entries, Tag);
    }

    /// <summary>This mapping without some entries.</summary>
    public MappingNode Without(params ReadOnlySpan<string> keys)
    {
        OrderedDictionary<string, Entry> entries = new(_entries);
        foreach (var key in keys)
        {
            entries.Remove(key);
        }
        return new MappingNode(Mark, entries, Tag);
    }

    /// <summary>This mapping with every value converted; a null leaves its entry out.</summary>
    public MappingNode Select(Func<string, Node, Node?> convert)
    {
        OrderedDictionary<string, Entry> entries = new(_entries.Count);
        foreach (var (key, entry) in _entries)
        {
            if (convert(key, entry.Value) is { } value)
            {
                entries[key] = entry with { Value = value };
            }
        }
        return new MappingNode(Mark, entries, Tag);
    }

    /// <summary>A value and the place of its name. A class: collections of structures are compiled anew at every start.</summary>
    public sealed record Entry(Node Value, Mark KeyMark);
}
