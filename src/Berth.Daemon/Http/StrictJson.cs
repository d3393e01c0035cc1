using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Berth.Daemon.Http;

/// <summary>
/// Reads request bodies. A field that Berth does not know is accepted when it is unset or empty (clients send every field they know)
/// and refused by its name when it asks for something.
/// </summary>
internal static class StrictJson
{
    /// <summary>Largest JSON body in bytes.</summary>
    public const int MaxBytes = 4 * 1024 * 1024;

    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 64, AllowDuplicateProperties = false };

    /// <summary>Parses a whole body; null when it is empty or white space.</summary>
    public static async Task<JsonDocument?> ParseAsync(Stream body, CancellationToken cancellationToken)
    {
        using var bytes = new MemoryStream();
        byte[] buffer = ArrayPool<byte>.Shared.Rent(16384);
        try
        {
            int read;
            while ((read = await body.ReadAsync(buffer, cancellationToken)) > 0)
            {
                if (bytes.Length + read > MaxBytes)
                {
                    throw new ApiException(413, $"the request body is larger than {MaxBytes} bytes");
                }
                bytes.Write(buffer, 0, read);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
        ReadOnlyMemory<byte> json = bytes.GetBuffer().AsMemory(0, (int)bytes.Length);
        if (json.Span.Trim(" \t\r\n"u8).IsEmpty)
        {
            return null;
        }
        try
        {
            return JsonDocument.Parse(json, Strict);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: half of a surrogate pair in a name that is compared with others.
            throw ApiException.BadRequest($"the request body is not valid JSON: {exception.Message}");
        }
    }

    /// <summary>
    /// Converts an object, refusing unknown fields that are set. <paramref name="path"/> stands before field names in errors;
    /// <paramref name="elsewhere"/> names fields of this object that the caller reads itself.
    /// </summary>
    public static T Read<T>(JsonElement element, JsonTypeInfo<T> type, string path = "", params ReadOnlySpan<string> elsewhere) where T : class
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            throw ApiException.BadRequest($"{(path.Length == 0 ? "the request body" : path)} must be a JSON object");
        }
        try
        {
            RefuseUnknown(element, type, path, elsewhere);
            return UnsetNumbers.AreIn(element, type) ? UnsetNumbers.Remove(element, type).Deserialize(type)! : element.Deserialize(type)!;
        }
        catch (Exception exception) when (exception is JsonException or NotSupportedException or FormatException or InvalidOperationException)
        {
            string field = (exception as JsonException)?.Path?.TrimStart('$', '.') is { Length: > 0 } name ? Join(path, name) : path;
            throw ApiException.BadRequest(field.Length == 0
                ? $"invalid request body: {FirstSentence(exception.Message)}"
                : $"invalid value of field {field}: {FirstSentence(exception.Message)}");
        }
    }

    private static void RefuseUnknown(JsonElement element, JsonTypeInfo type, string path, ReadOnlySpan<string> elsewhere)
    {
        switch (type.Kind)
        {
            case JsonTypeInfoKind.Object when element.ValueKind == JsonValueKind.Object:
                foreach (JsonProperty property in element.EnumerateObject())
                {
                    if (elsewhere.Contains(property.Name))
                    {
                        continue;
                    }
                    if (Find(type, property.Name) is { } known)
                    {
                        RefuseUnknown(property.Value, type.Options.GetTypeInfo(known.PropertyType), Join(path, property.Name), []);
                    }
                    else if (!IsUnset(property.Value))
                    {
                        throw ApiException.BadRequest($"unknown field {Join(path, property.Name)}: Berth does not support it; leave it out");
                    }
                }
                break;
            case JsonTypeInfoKind.Dictionary when element.ValueKind == JsonValueKind.Object && type.ElementType is { } valueType:
                foreach (JsonProperty property in element.EnumerateObject())
                {
                    if (valueType == typeof(string))
                    {
                        RefuseNull(property.Value, Join(path, property.Name));
                    }
                    RefuseUnknown(property.Value, type.Options.GetTypeInfo(valueType), Join(path, property.Name), []);
                }
                break;
            case JsonTypeInfoKind.Enumerable when element.ValueKind == JsonValueKind.Array && type.ElementType is { } itemType:
                int index = 0;
                foreach (JsonElement item in element.EnumerateArray())
                {
                    RefuseNull(item, $"{path}[{index}]");
                    RefuseUnknown(item, type.Options.GetTypeInfo(itemType), $"{path}[{index++}]", []);
                }
                break;
        }
    }

    // A null where a field is unset is said by leaving it out; inside a list or a map of texts it says nothing at all.
    private static void RefuseNull(JsonElement value, string path)
    {
        if (value.ValueKind == JsonValueKind.Null)
        {
            throw ApiException.BadRequest($"invalid value of field {path}: null is not allowed here; leave the entry out");
        }
    }

    internal static JsonPropertyInfo? Find(JsonTypeInfo type, string name)
    {
        StringComparison comparison = type.Options.PropertyNameCaseInsensitive ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal;
        foreach (JsonPropertyInfo property in type.Properties)
        {
            if (string.Equals(property.Name, name, comparison) && !property.IsExtensionData)
            {
                return property;
            }
        }
        return null;
    }

    /// <summary>The values that Go clients send for a field nobody set.</summary>
    private static bool IsUnset(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null or JsonValueKind.False => true,
        JsonValueKind.String => value.GetString()!.Length == 0,
        JsonValueKind.Number => value.TryGetInt64(out long number) && number is 0 or -1,
        JsonValueKind.Array => value.EnumerateArray().All(IsUnset),
        JsonValueKind.Object => value.EnumerateObject().All(property => IsUnset(property.Value)),
        _ => false,
    };

    private static string Join(string path, string name) => path.Length == 0 ? name : $"{path}.{name}";

    private static string FirstSentence(string message)
    {
        int end = message.IndexOf(" Path:", StringComparison.Ordinal);
        return end < 0 ? message : message[..end];
    }
}
