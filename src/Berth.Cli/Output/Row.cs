namespace Berth.Cli.Output;

/// <summary>A row of a list: fields by the names that templates use.</summary>
internal sealed class Row
{
    private readonly Dictionary<string, object?> _fields = new(StringComparer.Ordinal);

    /// <summary>The fields.</summary>
    public IReadOnlyDictionary<string, object?> Fields => _fields;

    /// <summary>Sets a field.</summary>
    public object? this[string field]
    {
        set => _fields[field] = value;
    }

    /// <summary>A field as text; empty when there is none.</summary>
    public string Text(string field) => _fields.TryGetValue(field, out var value) ? value?.ToString() ?? "" : "";
}
