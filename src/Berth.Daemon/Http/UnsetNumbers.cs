using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace Berth.Daemon.Http;

/// <summary>Numbers and flags that nobody set but that came as null, from clients that write every field (docker-py): null means unset, as in Go.</summary>
internal static class UnsetNumbers
{
    /// <summary>Whether there are any.</summary>
    public static bool AreIn(JsonElement element, JsonTypeInfo type) => type.Kind switch
    {
        JsonTypeInfoKind.Object when element.ValueKind == JsonValueKind.Object => element.EnumerateObject().Any(property =>
            StrictJson.Find(type, property.Name) is { } known && (IsUnset(property, known) || AreIn(property.Value, type.Options.GetTypeInfo(known.PropertyType)))),
        JsonTypeInfoKind.Dictionary when element.ValueKind == JsonValueKind.Object && type.ElementType is { } valueType =>
            element.EnumerateObject().Any(property => AreIn(property.Value, type.Options.GetTypeInfo(valueType))),
        JsonTypeInfoKind.Enumerable when element.ValueKind == JsonValueKind.Array && type.ElementType is { } itemType =>
            element.EnumerateArray().Any(item => AreIn(item, type.Options.GetTypeInfo(itemType))),
        _ => false,
    };

    private static bool IsUnset(JsonProperty property, JsonPropertyInfo known) =>
        property.Value.ValueKind == JsonValueKind.Null && known.PropertyType.IsValueType && Nullable.GetUnderlyingType(known.PropertyType) is null;

    /// <summary>The same without them.</summary>
    public static JsonNode Remove(JsonElement element, JsonTypeInfo type)
    {
        JsonNode node = JsonObject.Create(element)!;
        Drop(node, type);
        return node;
    }

    private static void Drop(JsonNode? node, JsonTypeInfo type)
    {
        switch (node)
        {
            case JsonObject map when type.Kind == JsonTypeInfoKind.Object:
                foreach ((string name, JsonNode? value) in map.ToList())
                {
                    if (StrictJson.Find(type, name) is not { } known)
                    {
                        continue;
                    }
                    if (value is null && known.PropertyType.IsValueType)
                    {
                        map.Remove(name);
                    }
                    Drop(value, type.Options.GetTypeInfo(known.PropertyType));
                }
                break;
            case JsonObject map when type.ElementType is { } valueType:
                foreach ((_, JsonNode? value) in map)
                {
                    Drop(value, type.Options.GetTypeInfo(valueType));
                }
                break;
            case JsonArray list when type.ElementType is { } itemType:
                foreach (JsonNode? item in list)
                {
                    Drop(item, type.Options.GetTypeInfo(itemType));
                }
                break;
        }
    }
}
