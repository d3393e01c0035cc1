using System.Text;

namespace Berth.Cli;

/// <summary>Short forms for the JSON that request bodies are made of.</summary>
internal static class JsonWriting
{
    /// <summary>UTF-8 of the object that <paramref name="write"/> fills.</summary>
    public static byte[] Object(Action<JsonText> write)
    {
        JsonText json = new();
        json.WriteStartObject();
        write(json);
        json.WriteEndObject();
        return Encoding.UTF8.GetBytes(json.ToString());
    }

    /// <summary>Writes an object of strings.</summary>
    public static void WriteMap(this JsonText json, string name, IReadOnlyDictionary<string, string> map)
    {
        json.WriteStartObject(name);
        foreach (var (key, value) in map)
        {
            json.WriteString(key, value);
        }
        json.WriteEndObject();
    }

    /// <summary>Writes an array of strings.</summary>
    public static void WriteList(this JsonText json, string name, string[] list)
    {
        json.WriteStartArray(name);
        foreach (var item in list)
        {
            json.WriteStringValue(item);
        }
        json.WriteEndArray();
    }

    /// <summary>Writes an array of strings unless it is empty.</summary>
    public static void WriteListIfAny(this JsonText json, string name, string[] list)
    {
        if (list.Length > 0)
        {
            json.WriteList(name, list);
        }
    }

    /// <summary>Writes a map unless it is empty.</summary>
    public static void WriteMapIfAny(this JsonText json, string name, IReadOnlyDictionary<string, string> map)
    {
        if (map.Count > 0)
        {
            json.WriteMap(name, map);
        }
    }

    /// <summary>Writes a string unless it is null.</summary>
    public static void WriteIfAny(this JsonText json, string name, string? value)
    {
        if (value is not null)
        {
            json.WriteString(name, value);
        }
    }

    /// <summary>Writes a number unless it is null.</summary>
    public static void WriteIfAny(this JsonText json, string name, long? value)
    {
        if (value is { } number)
        {
            json.WriteNumber(name, number);
        }
    }
}
