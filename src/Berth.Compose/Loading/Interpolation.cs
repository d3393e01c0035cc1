using System.Text;

namespace Berth.Compose.Loading;

/// <summary>
/// Replaces variables in a text ([COMPOSE] "Interpolation"): <c>$X</c>, <c>${X}</c>, <c>${X-default}</c>, <c>${X:-default}</c>,
/// <c>${X?message}</c>, <c>${X:?message}</c>, <c>${X+other}</c>, <c>${X:+other}</c>, each operand again a text with variables;
/// <c>$$</c> is a dollar sign. With a colon an empty variable counts as an unset one.
/// </summary>
public sealed class Interpolation(Func<string, string?> lookUp, Action<string> onUnset)
{
    private const int MaximumDepth = 16;
    private const int MaximumLength = 1024 * 1024;
    private const long MaximumTotal = 64 * 1024 * 1024;

    private long _total;

    /// <summary>The text with its variables replaced.</summary>
    /// <exception cref="FormatException">A dollar sign begins no variable, or a bound is exceeded.</exception>
    /// <exception cref="ComposeException">A required variable is missing.</exception>
    public string Replace(string text)
    {
        if (!text.Contains('$', StringComparison.Ordinal))
        {
            return text;
        }
        var at = 0;
        return Replace(text, ref at, untilBrace: false, wanted: true, depth: 0);
    }

    // Stops behind the text, or at the brace that ends an operand. What is not wanted is read and neither looked up nor complained about.
    private string Replace(string text, ref int at, bool untilBrace, bool wanted, int depth)
    {
        if (depth > MaximumDepth)
        {
            throw new FormatException($"variables are nested deeper than {MaximumDepth} levels");
        }
        StringBuilder result = new();
        while (at < text.Length && !(untilBrace && text[at] == '}'))
        {
            if (text[at] != '$')
            {
                Append(result, text.AsSpan(at++, 1));
            }
            else if (at + 1 < text.Length && text[at + 1] == '$')
            {
                at += 2;
                Append(result, "$");
            }
            else if (at + 1 < text.Length && text[at + 1] == '{')
            {
                at += 2;
                Append(result, Braced(text, ref at, wanted, depth));
            }
            else
            {
                at++;
                var name = Name(text, ref at) ?? throw new FormatException($"a lone $ in \"{Shorten(text)}\": write $$ for a dollar sign");
                Append(result, wanted ? Value(name) : "");
            }
        }
        return result.ToString();
    }

    private string Braced(string text, ref int at, bool wanted, int depth)
    {
        var name = Name(text, ref at) ?? throw new FormatException($"${{ without a variable's name in \"{Shorten(text)}\"");
        if (at < text.Length && text[at] == '}')
        {
            at++;
            return wanted ? Value(name) : "";
        }
        var colon = at < text.Length && text[at] == ':';
        var operation = at + (colon ? 1 : 0) < text.Length ? text[at + (colon ? 1 : 0)] : '\0';
        if (operation is not ('-' or '?' or '+'))
        {
            throw new FormatException($"${{{name} is not followed by }}, -, :-, ?, :?, + or :+ in \"{Shorten(text)}\"");
        }
        at += colon ? 2 : 1;
        var value = wanted ? lookUp(name) : null;
        var present = value is not null && !(colon && value.Length == 0);
        var operand = Replace(text, ref at, untilBrace: true, wanted && present == (operation == '+'), depth + 1);
        if (at >= text.Length)
        {
            throw new FormatException($"${{{name} is not closed by }} in \"{Shorten(text)}\"");
        }
        at++;
        return operation switch
        {
            '+' => present ? operand : "",
            _ when present => value!,
            '-' => operand,
            _ when !wanted => "",
            _ => throw new ComposeException(operand.Length > 0 ? $"required variable {name} is missing a value: {operand}" : $"required variable {name} is missing a value"),
        };
    }

    private string Value(string name)
    {
        if (lookUp(name) is { } value)
        {
            return value;
        }
        onUnset(name);
        return "";
    }

    private void Append(StringBuilder result, ReadOnlySpan<char> text)
    {
        _total += text.Length;
        if (result.Length + text.Length > MaximumLength || _total > MaximumTotal)
        {
            throw new FormatException("too large once its variables are replaced");
        }
        result.Append(text);
    }

    private static string? Name(string text, ref int at)
    {
        var start = at;
        while (at < text.Length && (char.IsAsciiLetter(text[at]) || text[at] == '_' || (at > start && char.IsAsciiDigit(text[at]))))
        {
            at++;
        }
        return at > start ? text[start..at] : null;
    }

    private static string Shorten(string text) => text.Length <= 60 ? text : text[..60] + "…";
}
