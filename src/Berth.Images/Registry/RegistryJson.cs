using System.Text.Json;

namespace Berth.Images.Registry;

/// <summary>Reads fields of JSON that a registry or a client sent and that may be anything.</summary>
internal static class RegistryJson
{
    /// <summary>A text, or empty when it is missing or of another kind.</summary>
    public static string Text(JsonElement element, string name)
    {
        try
        {
            return element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String
                ? value.GetString()!
                : "";
        }
        catch (InvalidOperationException)
        {
            return ""; // escapes that are no Unicode text
        }
    }

    /// <summary>A whole number, or null.</summary>
    public static long? Number(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.Number
            && value.TryGetInt64(out long number) ? number : null;

    /// <summary>Parses a whole document; null when it is none.</summary>
    public static JsonDocument? TryParse(ReadOnlyMemory<byte> json)
    {
        try
        {
            return JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 32 });
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
