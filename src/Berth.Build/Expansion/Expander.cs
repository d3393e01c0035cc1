using System.Text;
using Berth.Build.Dockerfiles;

namespace Berth.Build.Expansion;

/// <summary>
/// Replaces variables and takes quotes away, as Docker's builder does: <c>$a</c>, <c>${a}</c>, <c>${a:-b}</c>, <c>${a:+b}</c>,
/// <c>${a:?b}</c> and the same without colon, <c>${a#p}</c>, <c>${a##p}</c>, <c>${a%p}</c>, <c>${a%%p}</c>, <c>${a/p/b}</c>,
/// <c>${a//p/b}</c>. [DOCKERFILE] "Environment replacement".
/// </summary>
/// <param name="escape">The escape character.</param>
/// <param name="lookup">A variable's value; null when it is unset.</param>
public sealed class Expander(char escape, Func<string, string?> lookup)
{
    /// <summary>One text.</summary>
    /// <exception cref="ExpansionException">It is malformed, a needed variable is missing, or it grows beyond bounds.</exception>
    public string Expand(string text) => new Run(text, escape, lookup, keepsQuotes: false).ToEnd();

    /// <summary>A document: variables are replaced, quotes stay.</summary>
    /// <exception cref="ExpansionException">As with <see cref="Expand"/>.</exception>
    public string ExpandDocument(string text) => new Run(text, escape, lookup, keepsQuotes: true).ToEnd();

    /// <summary>Several words; what a variable holds is split at blanks too.</summary>
    /// <exception cref="ExpansionException">As with <see cref="Expand"/>.</exception>
    public IReadOnlyList<string> ExpandWords(string text) =>
        [.. Words.Split(text, escape).SelectMany(word => Expand(word) is var whole && word.AsSpan().IndexOfAny('"', '\'') >= 0 ? [whole] : whole.Split([' ', '\t', '\n'], StringSplitOptions.RemoveEmptyEntries))];

    private sealed class Run(string text, char escape, Func<string, string?> lookup, bool keepsQuotes)
    {
        private readonly StringBuilder _out = new();
        private int _at;

        public string ToEnd() => Until('\0', 0);

        // Up to an unquoted end character, which is taken too, or the end of the text.
        private string Until(char end, int depth)
        {
            if (depth > BuildLimits.MaxNesting)
                throw new ExpansionException($"variables are nested more than {BuildLimits.MaxNesting} deep");
            int start = _out.Length;
            while (_at < text.Length)
            {
                char c = text[_at++];
                if (end != '\0' && c == end)
                    return Taken(start);
                if (c == '\'' && !keepsQuotes)
                    Single();
                else if (c == '"' && !keepsQuotes)
                    Double(depth);
                else if (c == '$')
                    Variable(depth);
                else if (c == escape)
                    Escaped();
                else
                    Add(c);
            }
            return end == '\0' ? Taken(start) : throw new ExpansionException($"a closing {end} is missing");
        }

        private string Taken(int start)
        {
            string taken = _out.ToString(start, _out.Length - start);
            _out.Length = start;
            return taken;
        }

        private void Escaped()
        {
            if (_at == text.Length)
                return; // one at the very end escapes nothing
            if (keepsQuotes && text[_at] is not '$' && text[_at] != escape)
                Add(escape);
            Add(text[_at++]);
        }

        private void Single()
        {
            int end = text.IndexOf('\'', _at);
            if (end < 0)
                throw new ExpansionException("unexpected end of statement while looking for matching single-quote");
            Add(text[_at..end]);
            _at = end + 1;
        }

        private void Double(int depth)
        {
            while (_at < text.Length)
            {
                char c = text[_at++];
                switch (c)
                {
                    case '"':
                        return;
                    case '$':
                        Variable(depth);
                        break;
                    case var _ when c == escape && _at < text.Length && (text[_at] is '"' or '$' || text[_at] == escape):
                        Add(text[_at++]);
                        break;
                    default:
                        Add(c);
                        break;
                }
            }
            throw new ExpansionException("unexpected end of statement while looking for matching double-quote");
        }

        private void Variable(int depth)
        {
            if (_at < text.Length && text[_at] == '{')
            {
                _at++;
                Braced(depth);
                return;
            }
            string name = Name();
            Add(name.Length == 0 ? "$" : lookup(name) ?? "");
        }

        private string Name()
        {
            int start = _at;
            while (_at < text.Length && (char.IsAsciiLetter(text[_at]) || text[_at] == '_' || (_at > start && char.IsAsciiDigit(text[_at]))))
                _at++;
            // Positional and special parameters of a shell: nothing has them here.
            if (_at == start && _at < text.Length && (char.IsAsciiDigit(text[_at]) || text[_at] is '@' or '*' or '#'))
                _at++;
            return text[start.._at];
        }

        private void Braced(int depth)
        {
            string name = Name();
            if (name.Length == 0 || _at == text.Length)
                throw new ExpansionException(_at == text.Length ? "unexpected end of statement while looking for matching }" : "bad substitution: ${ needs the name of a variable");
            string? value = lookup(name);
            char form = text[_at++];
            switch (form)
            {
                case '}':
                    Add(value ?? "");
                    return;
                case ':' when _at < text.Length && text[_at] is '-' or '+' or '?':
                    Add(Chosen(name, value is { Length: > 0 } ? value : null, value, text[_at++], depth));
                    return;
                case '-' or '+' or '?':
                    Add(Chosen(name, value, value, form, depth));
                    return;
                case '#' or '%':
                    bool longest = _at < text.Length && text[_at] == form;
                    _at += longest ? 1 : 0;
                    Add(new ShellPattern(Pattern('}', depth)).Remove(value ?? "", fromFront: form == '#', longest));
                    return;
                case '/':
                    bool all = _at < text.Length && text[_at] == '/';
                    _at += all ? 1 : 0;
                    var pattern = new ShellPattern(Pattern('/', depth));
                    Add(pattern.Replace(value ?? "", Until('}', depth + 1), all));
                    return;
                default:
                    throw new ExpansionException($"unsupported modifier ({Shown.Text(form.ToString())}) in substitution of {name}");
            }
        }

        private string Chosen(string name, string? present, string? value, char form, int depth)
        {
            string word = Until('}', depth + 1);
            return form switch
            {
                '-' => present is null ? word : value!,
                '+' => present is null ? "" : word,
                _ => present ?? throw new ExpansionException($"{name}: {(word.Length > 0 ? Shown.Text(word) : "not set")}"),
            };
        }

        // Escapes stay: the pattern reads them itself.
        private string Pattern(char end, int depth)
        {
            int start = _out.Length;
            while (_at < text.Length)
            {
                char c = text[_at++];
                if (c == end)
                    return Taken(start);
                if (c == '$')
                {
                    int before = _out.Length;
                    Variable(depth + 1);
                    // What a variable holds means itself.
                    string literal = string.Concat(_out.ToString(before, _out.Length - before).Select(static x => x is '*' or '?' or '\\' ? $"\\{x}" : x.ToString()));
                    _out.Length = before;
                    Add(literal);
                }
                else if (c == escape && _at < text.Length)
                {
                    Add('\\');
                    Add(text[_at++]);
                }
                else if (c is '"' or '\'' && !keepsQuotes)
                {
                    int close = text.IndexOf(c, _at);
                    if (close < 0)
                        throw new ExpansionException("a quote in a pattern is not closed");
                    Add(string.Concat(text[_at..close].Select(static x => $"\\{x}")));
                    _at = close + 1;
                }
                else
                {
                    Add(c);
                }
            }
            throw new ExpansionException($"a closing {end} is missing");
        }

        private void Add(char c)
        {
            Room(1);
            _out.Append(c);
        }

        private void Add(string part)
        {
            Room(part.Length);
            _out.Append(part);
        }

        private void Room(int more)
        {
            if (_out.Length + more > BuildLimits.MaxExpandedLength)
                throw new ExpansionException($"the text grows beyond {BuildLimits.MaxExpandedLength} characters");
        }
    }
}
