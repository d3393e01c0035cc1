using System.Text;

namespace Berth.Cli.Templates;

/// <summary>Splits the inside of <c>{{ }}</c> into tokens.</summary>
internal static class Lexer
{
    /// <summary>The tokens of an action.</summary>
    public static List<Token> Split(string action)
    {
        List<Token> tokens = [];
        var at = 0;
        while (at < action.Length)
        {
            var c = action[at];
            if (char.IsWhiteSpace(c))
            {
                at++;
                continue;
            }
            switch (c)
            {
                case '(': tokens.Add(new(TokenKind.Open, "(")); at++; break;
                case ')': tokens.Add(new(TokenKind.Close, ")")); at++; break;
                case '|': tokens.Add(new(TokenKind.Pipe, "|")); at++; break;
                case ',': tokens.Add(new(TokenKind.Comma, ",")); at++; break;
                case ':' when at + 1 < action.Length && action[at + 1] == '=': tokens.Add(new(TokenKind.Assign, ":=")); at += 2; break;
                case '=': tokens.Add(new(TokenKind.Assign, "=")); at++; break;
                case '"': tokens.Add(new(TokenKind.Text, Quoted(action, ref at))); break;
                case '`': tokens.Add(new(TokenKind.Text, Raw(action, ref at))); break;
                case '.':
                    var glued = at > 0 && !char.IsWhiteSpace(action[at - 1]);
                    at++;
                    tokens.Add(new(TokenKind.Field, Name(action, ref at), glued));
                    break;
                case '$': at++; tokens.Add(new(TokenKind.Variable, Name(action, ref at))); break;
                case '-' or (>= '0' and <= '9'): tokens.Add(new(TokenKind.Number, Number(action, ref at))); break;
                default:
                    var name = Name(action, ref at);
                    tokens.Add(name.Length > 0 ? new(TokenKind.Word, name) : throw new TemplateException($"unexpected '{c}' in {{{{{action}}}}}"));
                    break;
            }
        }
        return tokens;
    }

    private static string Name(string action, ref int at)
    {
        var start = at;
        while (at < action.Length && (char.IsLetterOrDigit(action[at]) || action[at] == '_'))
        {
            at++;
        }
        return action[start..at];
    }

    private static string Number(string action, ref int at)
    {
        var start = at++;
        while (at < action.Length && (char.IsAsciiDigit(action[at]) || action[at] == '.'))
        {
            at++;
        }
        return action[start..at];
    }

    private static string Raw(string action, ref int at)
    {
        var end = action.IndexOf('`', at + 1);
        if (end < 0)
        {
            throw new TemplateException("a string is not closed");
        }
        var text = action[(at + 1)..end];
        at = end + 1;
        return text;
    }

    private static string Quoted(string action, ref int at)
    {
        StringBuilder text = new();
        for (at++; at < action.Length; at++)
        {
            var c = action[at];
            if (c == '"')
            {
                at++;
                return text.ToString();
            }
            if (c == '\\' && at + 1 < action.Length)
            {
                c = action[++at] switch
                {
                    'n' => '\n',
                    't' => '\t',
                    'r' => '\r',
                    var other => other,
                };
            }
            text.Append(c);
        }
        throw new TemplateException("a string is not closed");
    }
}
