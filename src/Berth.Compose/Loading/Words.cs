using System.Text;
using Berth.Compose.Yaml;

namespace Berth.Compose.Loading;

/// <summary>Splits a command line into words as a shell does, without expanding anything.</summary>
internal static class Words
{
    /// <summary>The words of <paramref name="text"/>.</summary>
    public static List<string> Split(Mark mark, string text)
    {
        List<string> words = [];
        StringBuilder word = new();
        var inWord = false;
        var quote = '\0';
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (quote == '\'' && c != '\'')
            {
                word.Append(c);
            }
            else if (c == '\\' && i + 1 < text.Length)
            {
                var next = text[++i];
                _ = quote == '"' && next is not ('"' or '\\' or '$' or '`') ? word.Append(c).Append(next) : word.Append(next);
                inWord = true;
            }
            else if (quote != '\0' ? c == quote : c is '\'' or '"')
            {
                quote = quote == '\0' ? c : '\0';
                inWord = true;
            }
            else if (quote == '\0' && char.IsWhiteSpace(c))
            {
                if (inWord)
                {
                    words.Add(word.ToString());
                }
                word.Clear();
                inWord = false;
            }
            else
            {
                word.Append(c);
                inWord = true;
            }
        }
        if (quote != '\0')
        {
            throw new ComposeException(mark, $"the quote {quote} is not closed");
        }
        if (inWord)
        {
            words.Add(word.ToString());
        }
        return words;
    }
}
