using System.Text.Json;

namespace Berth.Engine;

/// <summary>Filters of list, events and prune calls: each key with the values that match (any of them).</summary>
public sealed class FilterSet
{
    private const int MaxLength = 64 * 1024;
    private readonly Dictionary<string, List<string>> _values;

    private FilterSet(Dictionary<string, List<string>> values) => _values = values;

    /// <summary>No filter.</summary>
    public static FilterSet Empty { get; } = new([]);

    /// <summary>The keys given.</summary>
    public IReadOnlyCollection<string> Keys => _values.Keys;

    /// <summary>Whether nothing is filtered.</summary>
    public bool IsEmpty => _values.Count == 0;

    /// <summary>A set of one-to-many pairs, for callers inside the process.</summary>
    public static FilterSet Of(params (string Key, string Value)[] pairs)
    {
        var values = new Dictionary<string, List<string>>(StringComparer.Ordinal);
        foreach ((string key, string value) in pairs)
            Add(values, key, value);
        return new(values);
    }

    /// <summary>Reads the query's JSON, <c>{"name":{"web":true}}</c> or <c>{"name":["web"]}</c>; wrong JSON is an InvalidParameter.</summary>
    public static FilterSet Parse(string? json)
    {
        if (string.IsNullOrEmpty(json))
            return Empty;
        if (json.Length > MaxLength)
            throw EngineException.Invalid($"filters: longer than {MaxLength} characters");
        try
        {
            using JsonDocument document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 4 });
            var values = new Dictionary<string, List<string>>(StringComparer.Ordinal);
            foreach (JsonProperty property in document.RootElement.EnumerateObject())
            {
                values.TryAdd(property.Name, []);
                switch (property.Value.ValueKind)
                {
                    case JsonValueKind.Object:
                        foreach (JsonProperty value in property.Value.EnumerateObject())
                        {
                            if (value.Value.ValueKind == JsonValueKind.True)
                                Add(values, property.Name, value.Name);
                        }
                        break;
                    case JsonValueKind.Array:
                        foreach (JsonElement value in property.Value.EnumerateArray())
                            Add(values, property.Name, value.GetString() ?? "");
                        break;
                    default:
                        throw EngineException.Invalid($"filters: \"{property.Name}\" must be a map or a list of strings");
                }
            }
            return new(values);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new EngineException(EngineErrorKind.InvalidParameter, "filters: not a JSON map such as {\"name\":{\"web\":true}}", e);
        }
    }

    /// <summary>Values of a key; empty when it is not given.</summary>
    public IReadOnlyList<string> this[string key] => _values.TryGetValue(key, out List<string>? list) ? list : [];

    /// <summary>Whether the key is given.</summary>
    public bool Has(string key) => _values.ContainsKey(key);

    /// <summary>The key as a boolean: absent = null.</summary>
    public bool? Boolean(string key)
    {
        if (this[key] is not [string value, ..])
            return null;
        return value.ToLowerInvariant() switch
        {
            "1" or "t" or "true" => true,
            "0" or "f" or "false" => false,
            _ => throw EngineException.Invalid($"filters: {key}={value} is not a boolean: use true or false"),
        };
    }

    /// <summary>Refuses keys that the caller does not know.</summary>
    public void Allow(params ReadOnlySpan<string> known)
    {
        foreach (string key in _values.Keys)
        {
            if (!known.Contains(key))
                throw EngineException.Invalid($"invalid filter '{key}': known filters are {string.Join(", ", known.ToArray())}");
        }
    }

    /// <summary>Whether labels fulfil every <c>key</c> or <c>key=value</c> given under <paramref name="filter"/>.</summary>
    public bool MatchLabels(IReadOnlyDictionary<string, string>? labels, string filter = "label") =>
        this[filter].All(wanted => HasLabel(labels, wanted));

    /// <summary>Whether labels fulfil <c>label</c> and none of <c>label!</c>.</summary>
    public bool MatchPruneLabels(IReadOnlyDictionary<string, string>? labels) =>
        MatchLabels(labels) && !this["label!"].Any(unwanted => HasLabel(labels, unwanted));

    /// <summary>Whether a value equals one of the key's, or the key is not given.</summary>
    public bool MatchExact(string key, string? value) => !Has(key) || (value is not null && this[key].Contains(value));

    private static bool HasLabel(IReadOnlyDictionary<string, string>? labels, string wanted)
    {
        int equals = wanted.IndexOf('=', StringComparison.Ordinal);
        string key = equals < 0 ? wanted : wanted[..equals];
        return labels is not null && labels.TryGetValue(key, out string? value) && (equals < 0 || value == wanted[(equals + 1)..]);
    }

    private static void Add(Dictionary<string, List<string>> values, string key, string value)
    {
        if (!values.TryGetValue(key, out List<string>? list))
            values[key] = list = [];
        list.Add(value);
    }
}
