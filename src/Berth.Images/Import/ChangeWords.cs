using System.Text;

namespace Berth.Images.Import;

/// <summary>Takes an instruction's arguments apart: blanks separate, quotes and backslashes keep together.</summary>
internal static class ChangeWords
{
    public static List<string> Split(string text, string change)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        bool inWord = false;
        char quote = '\0';
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (quote == '\0' && c is ' ' or '\t')
            {
                if (inWord)
                {
                    words.Add(word.ToString());
                }
                word.Clear();
                inWord = false;
                continue;
            }
            inWord = true;
            if (c == '\\' && quote != '\'' && i + 1 < text.Length && (quote == '\0' || text[i + 1] is '"' or '\\' or '$'))
            {
                word.Append(text[++i]);
            }
            else if (quote == '\0' && c is '"' or '\'')
            {
                quote = c;
            }
            else if (c == quote)
            {
                quote = '\0';
            }
            else
            {
                word.Append(c);
            }
        }
        if (quote != '\0')
        {
            throw ImageChange.Bad(change, "a quote is not closed");
        }
        if (inWord)
        {
            words.Add(word.ToString());
        }
        return words;
    }

    /// <summary><c>key=value key2="value 2"</c>, or the old form <c>key everything after it</c>.</summary>
    public static List<(string Key, string Value)> Pairs(string text, string change)
    {
        List<string> words = Split(text, change);
        if (!words[0].Contains('=', StringComparison.Ordinal))
        {
            int space = text.AsSpan().IndexOfAny(' ', '\t');
            return space > 0 ? [(words[0], text[space..].Trim())] : throw ImageChange.Bad(change, "expected KEY=VALUE");
        }
        return [.. words.Select(word => word.IndexOf('=', StringComparison.Ordinal) is > 0 and int equals
            ? (word[..equals], word[(equals + 1)..])
            : throw ImageChange.Bad(change, $"\"{ImageException.Printable(word)}\" is not KEY=VALUE"))];
    }
}
