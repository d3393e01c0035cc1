using System.Text;

namespace Berth.Compose.Yaml;

/// <summary>Writes nodes as YAML in block style.</summary>
public static class YamlText
{
    /// <summary>YAML that reads back as the same values.</summary>
    public static string Write(MappingNode root)
    {
        StringBuilder text = new();
        WriteMapping(text, root, 0);
        return text.ToString();
    }

    private static void WriteMapping(StringBuilder text, MappingNode mapping, int indent)
    {
        foreach (var (key, entry) in mapping.Entries)
        {
            text.Append(' ', indent).Append(Quote(key, isKey: true)).Append(':');
            WriteValue(text, entry.Value, indent + 2);
        }
    }

    private static void WriteValue(StringBuilder text, Node node, int indent)
    {
        switch (node)
        {
            case MappingNode { Count: 0 }:
                text.Append(" {}\n");
                break;
            case MappingNode mapping:
                text.Append('\n');
                WriteMapping(text, mapping, indent);
                break;
            case SequenceNode { Items.Count: 0 }:
                text.Append(" []\n");
                break;
            case SequenceNode list:
                text.Append('\n');
                WriteItems(text, list, indent);
                break;
            default:
                text.Append(' ').Append(Scalar((ScalarNode)node)).Append('\n');
                break;
        }
    }

    private static void WriteItems(StringBuilder text, SequenceNode list, int indent)
    {
        foreach (var item in list.Items)
        {
            if (item is MappingNode { Count: > 0 } mapping)
            {
                StringBuilder inner = new();
                WriteMapping(inner, mapping, indent + 2);
                inner[indent] = '-';
                text.Append(inner);
            }
            else
            {
                text.Append(' ', indent).Append('-');
                WriteValue(text, item, indent + 2);
            }
        }
    }

    private static string Scalar(ScalarNode scalar) => scalar.IsNull ? "null" : scalar.Plain ? scalar.Text : Quote(scalar.Text, isKey: false);

    // Plain only where no reader of any YAML version can take it for something else.
    private static string Quote(string text, bool isKey)
    {
        var plain = text.Length > 0 && (char.IsAsciiLetter(text[0]) || text[0] is '/' or '_' or '.')
            && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '/' or '_' or '.' or '-' or '+' or '@' or '=' || (c == ' ' && !isKey)) && text[^1] != ' '
            && text.ToLowerInvariant() is not ("true" or "false" or "yes" or "no" or "on" or "off" or "y" or "n" or "null" or ".inf" or ".nan");
        if (plain)
        {
            return text;
        }
        StringBuilder quoted = new("\"");
        foreach (var c in text)
        {
            quoted.Append(c switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\n' => "\\n",
                '\t' => "\\t",
                '\r' => "\\r",
                < ' ' or '\x7f' or '\x85' or '\u2028' or '\u2029' or '\uFEFF' => $"\\u{(int)c:x4}",
                _ => c.ToString(),
            });
        }
        return quoted.Append('"').ToString();
    }
}
