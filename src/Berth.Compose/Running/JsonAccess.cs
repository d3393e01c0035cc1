using System.Text.Json.Nodes;

namespace Berth.Compose.Running;

/// <summary>Reads fields that may be missing or of another kind.</summary>
internal static class JsonAccess
{
    /// <summary>A text; empty when there is none.</summary>
    public static string Text(this JsonNode? node, string name) => Field(node, name) is JsonValue value && value.TryGetValue(out string? text) ? text : "";

    /// <summary>A whole number; 0 when there is none.</summary>
    public static long Number(this JsonNode? node, string name) => Field(node, name) is JsonValue value && value.TryGetValue(out long number) ? number : 0;

    /// <summary>A truth value; false when there is none.</summary>
    public static bool Flag(this JsonNode? node, string name) => Field(node, name) is JsonValue value && value.TryGetValue(out bool flag) && flag;

    /// <summary>The elements of an array.</summary>
    public static IEnumerable<JsonNode?> Items(this JsonNode? node) => node as JsonArray ?? [];

    /// <summary>The value of a field, or null.</summary>
    public static JsonNode? Field(this JsonNode? node, string name) => (node as JsonObject)?[name];

    /// <summary>An array of texts.</summary>
    public static JsonArray ToJson(this IEnumerable<string> texts) => new([.. texts.Select(text => (JsonNode?)JsonValue.Create(text))]);

    /// <summary>An object of texts.</summary>
    public static JsonObject ToJson(this IEnumerable<KeyValuePair<string, string>> pairs) => new(pairs.Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)JsonValue.Create(pair.Value))));
}
