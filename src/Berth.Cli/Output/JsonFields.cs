using System.Text.Json;

namespace Berth.Cli.Output;

/// <summary>Reads fields that may be missing, null or of another kind.</summary>
internal static class JsonFields
{
    /// <summary>A text; empty when there is none.</summary>
    public static string Text(this JsonElement element, string name) =>
        element.TryField(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";

    /// <summary>A whole number; 0 when there is none.</summary>
    public static long Number(this JsonElement element, string name) =>
        element.TryField(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) ? number : 0;

    /// <summary>A truth value; false when there is none.</summary>
    public static bool Flag(this JsonElement element, string name) =>
        element.TryField(name, out var value) && value.ValueKind == JsonValueKind.True;

    /// <summary>An object or array; an undefined element when there is none.</summary>
    public static JsonElement Field(this JsonElement element, string name) => element.TryField(name, out var value) ? value : default;

    /// <summary>The elements of an array; none when it is no array.</summary>
    public static IEnumerable<JsonElement> Items(this JsonElement element, string name)
    {
        if (element.TryField(name, out var value) && value.ValueKind == JsonValueKind.Array)
        {
            foreach (var item in value.EnumerateArray())
            {
                yield return item;
            }
        }
    }

    /// <summary>The texts of an array; none when it is no array.</summary>
    public static IEnumerable<string> Texts(this JsonElement element, string name) =>
        element.Items(name).Where(item => item.ValueKind == JsonValueKind.String).Select(item => item.GetString()!);

    /// <summary>The names and texts of an object.</summary>
    public static IEnumerable<KeyValuePair<string, string>> Map(this JsonElement element, string name)
    {
        if (element.TryField(name, out var value) && value.ValueKind == JsonValueKind.Object)
        {
            foreach (var property in value.EnumerateObject())
            {
                yield return new(property.Name, property.Value.ValueKind == JsonValueKind.String ? property.Value.GetString()! : property.Value.GetRawText());
            }
        }
    }

    private static bool TryField(this JsonElement element, string name, out JsonElement value)
    {
        value = default;
        return element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out value);
    }
}
