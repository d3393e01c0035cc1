using System.Globalization;
using System.Text.Json.Nodes;

namespace Berth.Compose.Yaml;

/// <summary>Nodes as JSON: plain scalars become numbers, truth values and null where they look like it.</summary>
public static class NodeJson
{
    /// <summary>The same value as JSON; with <paramref name="sorted"/> names are in alphabetical order, for comparison.</summary>
    public static JsonNode? ToJson(Node node, bool sorted = false)
    {
        switch (node)
        {
            case MappingNode mapping:
                JsonObject record = [];
                foreach (var (key, entry) in sorted ? mapping.Entries.OrderBy(entry => entry.Key, StringComparer.Ordinal) : mapping.Entries)
                {
                    record[key] = ToJson(entry.Value, sorted);
                }
                return record;
            case SequenceNode list:
                JsonArray array = [];
                foreach (var item in list.Items)
                {
                    array.Add(ToJson(item, sorted));
                }
                return array;
            default:
                return FromScalar((ScalarNode)node);
        }
    }

    private static JsonValue? FromScalar(ScalarNode scalar)
    {
        if (scalar.IsNull)
        {
            return null;
        }
        if (!scalar.Plain)
        {
            return JsonValue.Create(scalar.Text);
        }
        return scalar.Text switch
        {
            // Octal in some readers' eyes: the text says what was meant.
            ['0', not '.', ..] => JsonValue.Create(scalar.Text),
            "true" or "True" or "TRUE" => JsonValue.Create(true),
            "false" or "False" or "FALSE" => JsonValue.Create(false),
            _ when long.TryParse(scalar.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) => JsonValue.Create(number),
            _ when decimal.TryParse(scalar.Text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var fraction) => JsonValue.Create(fraction),
            _ => JsonValue.Create(scalar.Text),
        };
    }
}
