using System.Text.Json;

namespace Berth.Engine.Planning;

/// <summary>Fields that no property took change the meaning of a request, so they are refused, unless they say nothing.</summary>
internal static class UnknownFields
{
    public static void Refuse(IDictionary<string, JsonElement>? fields, string prefix)
    {
        foreach ((string name, JsonElement value) in fields ?? new Dictionary<string, JsonElement>())
        {
            if (!SaysNothing(value))
                throw EngineException.Invalid($"{prefix}{name}: unknown field: this version does not know it, leave it out");
        }
    }

    private static bool SaysNothing(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null or JsonValueKind.Undefined or JsonValueKind.False => true,
        JsonValueKind.String => value.GetString()!.Length == 0,
        JsonValueKind.Number => value.TryGetInt64(out long number) && number == 0,
        JsonValueKind.Array => value.GetArrayLength() == 0,
        JsonValueKind.Object => !value.EnumerateObject().Any(),
        _ => false,
    };
}
