using System.Text;
using System.Text.Json;

namespace Berth.Build.Dockerfiles;

/// <summary>Splits the arguments of instructions; quotes and escapes keep together and stay in place.</summary>
internal static class Words
{
    /// <summary>The words between blanks.</summary>
    public static List<string> Split(string text, char escape)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        char quote = '\0';
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (quote == '\0' && char.IsWhiteSpace(c))
            {
                if (word.Length > 0)
                    words.Add(word.ToString());
                word.Clear();
                continue;
            }
            word.Append(c);
            if (c == escape && quote != '\'' && i + 1 < text.Length)
                word.Append(text[++i]);
            else if (quote == '\0' && c is '"' or '\'')
                quote = c;
            else if (c == quote)
                quote = '\0';
        }
        if (word.Length > 0)
            words.Add(word.ToString());
        return words;
    }

    /// <summary>Takes <c>--name[=value]</c> words off the front.</summary>
    public static List<(string Name, string? Value)> TakeFlags(ref string text, char escape)
    {
        var flags = new List<(string, string?)>();
        while (text.StartsWith("--", StringComparison.Ordinal))
        {
            string word = Split(text, escape)[0];
            text = text[word.Length..].TrimStart();
            if (word == "--")
                break;
            int equals = word.IndexOf('=', StringComparison.Ordinal);
            flags.Add(equals < 0 ? (word[2..], null) : (word[2..equals], Unquoted(word[(equals + 1)..])));
        }
        return flags;
    }

    /// <summary>A JSON array of strings; null when the text is none, which makes it the shell form.</summary>
    public static IReadOnlyList<string>? JsonArray(string text)
    {
        if (!text.StartsWith('['))
            return null;
        try
        {
            using JsonDocument document = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = 4 });
            return document.RootElement.ValueKind == JsonValueKind.Array && document.RootElement.EnumerateArray().All(static item => item.ValueKind == JsonValueKind.String)
                ? [.. document.RootElement.EnumerateArray().Select(static item => item.GetString()!)]
                : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null; // Docker takes it as a shell line; invalid surrogates in an escape count as malformed too
        }
    }

    private static string Unquoted(string text) =>
        text.Length >= 2 && text[0] is '"' or '\'' && text[^1] == text[0] ? text[1..^1] : text;
}
