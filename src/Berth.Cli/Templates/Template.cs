using System.Text;

namespace Berth.Cli.Templates;

/// <summary>
/// The part of Go's text/template that <c>--format</c> is used with: fields, variables, pipelines, <c>if</c>, <c>with</c>, <c>range</c>,
/// <c>else</c>, comments, <c>{{-</c> and <c>-}}</c>, and the functions of <see cref="Functions"/>.
/// </summary>
internal sealed class Template
{
    private const int MaximumDepth = 64;

    private readonly IReadOnlyList<Node> _nodes;

    private Template(IReadOnlyList<Node> nodes) => _nodes = nodes;

    /// <summary>Reads a template.</summary>
    public static Template Parse(string text)
    {
        Parser parser = new(Cut(text));
        var nodes = parser.Block(0, out var end);
        return end.Length == 0 ? new Template(nodes) : throw new TemplateException($"unexpected {{{{{end}}}}}");
    }

    /// <summary>Applies the template to data.</summary>
    public string Render(object? data)
    {
        StringBuilder output = new();
        Scope scope = new(data);
        foreach (var node in _nodes)
        {
            node.Render(scope, output);
        }
        return output.ToString();
    }

    // Texts and actions in turn; an action keeps its word or is null for text.
    private static List<(string Text, bool IsAction)> Cut(string text)
    {
        List<(string, bool)> parts = [];
        var at = 0;
        var trimNext = false;
        while (true)
        {
            var open = text.IndexOf("{{", at, StringComparison.Ordinal);
            var plain = open < 0 ? text[at..] : text[at..open];
            if (trimNext)
            {
                plain = plain.TrimStart();
            }
            if (open < 0)
            {
                parts.Add((plain, false));
                return parts;
            }
            var start = open + 2;
            if (start + 1 < text.Length && text[start] == '-' && char.IsWhiteSpace(text[start + 1]))
            {
                plain = plain.TrimEnd();
                start++;
            }
            parts.Add((plain, false));
            var close = End(text, start);
            var end = close;
            trimNext = end - 1 > start && text[end - 1] == '-' && char.IsWhiteSpace(text[end - 2]);
            if (trimNext)
            {
                end--;
            }
            var action = text[start..end].Trim();
            if (!action.StartsWith("/*", StringComparison.Ordinal))
            {
                parts.Add((action, true));
            }
            at = close + 2;
        }
    }

    // The first }} outside of strings.
    private static int End(string text, int at)
    {
        var quote = '\0';
        for (; at < text.Length; at++)
        {
            var c = text[at];
            if (quote != '\0')
            {
                if (c == '\\' && quote == '"')
                {
                    at++;
                }
                else if (c == quote)
                {
                    quote = '\0';
                }
            }
            else if (c is '"' or '`')
            {
                quote = c;
            }
            else if (c == '}' && at + 1 < text.Length && text[at + 1] == '}')
            {
                return at;
            }
        }
        throw new TemplateException("a {{ is not closed");
    }

    private sealed class Parser(List<(string Text, bool IsAction)> parts)
    {
        private int _at;

        /// <summary>Reads up to an {{end}} or {{else …}}, which is returned in <paramref name="end"/>.</summary>
        public List<Node> Block(int depth, out string end)
        {
            if (depth > MaximumDepth)
            {
                throw new TemplateException("too many blocks inside one another");
            }
            List<Node> nodes = [];
            while (_at < parts.Count)
            {
                var (text, isAction) = parts[_at++];
                if (!isAction)
                {
                    if (text.Length > 0)
                    {
                        nodes.Add(new TextNode(text));
                    }
                    continue;
                }
                var word = text.Split(' ', 2, StringSplitOptions.TrimEntries);
                switch (word[0])
                {
                    case "end" or "else":
                        end = text;
                        return nodes;
                    case "if":
                        nodes.Add(Condition(Rest(word), movesDot: false, depth));
                        break;
                    case "with":
                        nodes.Add(Condition(Rest(word), movesDot: true, depth));
                        break;
                    case "range":
                        nodes.Add(Range(Rest(word), depth));
                        break;
                    default:
                        nodes.Add(Simple(text));
                        break;
                }
            }
            end = "";
            return depth == 0 ? nodes : throw new TemplateException("an {{end}} is missing");
        }

        private static string Rest(string[] word) => word.Length > 1 ? word[1] : throw new TemplateException($"{{{{{word[0]}}}}} needs a value");

        private static Node Simple(string action)
        {
            ExpressionParser parser = new(Lexer.Split(action), action);
            if (parser.Next(TokenKind.Variable, TokenKind.Assign))
            {
                parser.Take(TokenKind.Variable, out var name);
                parser.Take(TokenKind.Assign, out var sign);
                return new AssignNode(name, sign == ":=", parser.ParseAll());
            }
            return new PrintNode(parser.ParseAll());
        }

        private IfNode Condition(string action, bool movesDot, int depth)
        {
            ExpressionParser parser = new(Lexer.Split(action), action);
            string? variable = null;
            if (parser.Next(TokenKind.Variable, TokenKind.Assign))
            {
                parser.Take(TokenKind.Variable, out variable);
                parser.Take(TokenKind.Assign, out _);
            }
            var condition = parser.ParseAll();
            var then = Block(depth + 1, out var end);
            return new IfNode(condition, movesDot, variable, then, Otherwise(end, depth));
        }

        private IReadOnlyList<Node> Otherwise(string end, int depth)
        {
            if (end == "end")
            {
                return [];
            }
            if (end == "else")
            {
                var nodes = Block(depth + 1, out var last);
                return last == "end" ? nodes : throw new TemplateException($"unexpected {{{{{last}}}}}");
            }
            var rest = end["else".Length..].TrimStart();
            return rest.StartsWith("if ", StringComparison.Ordinal) ? [Condition(rest[3..], movesDot: false, depth + 1)]
                : rest.StartsWith("with ", StringComparison.Ordinal) ? [Condition(rest[5..], movesDot: true, depth + 1)]
                : throw new TemplateException($"unexpected {{{{{end}}}}}");
        }

        private RangeNode Range(string action, int depth)
        {
            ExpressionParser parser = new(Lexer.Split(action), action);
            string? key = null, value = null;
            if (parser.Next(TokenKind.Variable, TokenKind.Assign))
            {
                parser.Take(TokenKind.Variable, out value);
                parser.Take(TokenKind.Assign, out _);
            }
            else if (parser.Next(TokenKind.Variable, TokenKind.Comma, TokenKind.Variable, TokenKind.Assign))
            {
                parser.Take(TokenKind.Variable, out key);
                parser.Take(TokenKind.Comma, out _);
                parser.Take(TokenKind.Variable, out value);
                parser.Take(TokenKind.Assign, out _);
            }
            var source = parser.ParseAll();
            var body = Block(depth + 1, out var end);
            return new RangeNode(source, key, value, body, Otherwise(end, depth));
        }
    }
}
