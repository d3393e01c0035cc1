using System.Text;
using Berth.Compose.Yaml;

namespace Berth.Compose.Loading;

/// <summary>
/// Reads files of variables ([COMPOSE] "env_file"): <c>NAME=value</c> or <c>NAME: value</c>, one a line, <c>#</c> comments, <c>export</c>
/// before the name; single quotes take everything literally, double quotes know escapes, both may span lines; variables are replaced
/// but in single quotes. A name alone has no value: it comes from the environment.
/// </summary>
public sealed class EnvFile
{
    /// <summary>Largest file, in bytes.</summary>
    public const int MaximumFile = 1024 * 1024;

    private const int MaximumVariables = 10_000;

    private readonly string _file;
    private readonly string _text;
    private readonly Interpolation _interpolation;
    private readonly OrderedDictionary<string, string?> _variables = [];
    private int _at;

    private EnvFile(string file, string text, Func<string, string?> lookUp)
    {
        _file = file;
        _text = text.Replace("\r\n", "\n", StringComparison.Ordinal);
        _interpolation = new Interpolation(name => _variables.TryGetValue(name, out var value) && value is not null ? value : lookUp(name), _ => { });
    }

    /// <summary>The variables of a text. Values may refer to earlier ones and, through <paramref name="lookUp"/>, to others.</summary>
    /// <exception cref="ComposeException">A line is malformed, or a bound is exceeded.</exception>
    public static IReadOnlyDictionary<string, string?> Parse(string file, string text, Func<string, string?> lookUp)
    {
        EnvFile parser = new(file, text, lookUp);
        parser.ReadLines();
        return parser._variables;
    }

    /// <summary>Lines <c>NAME=value</c> with nothing replaced and quotes kept (<c>format: raw</c>).</summary>
    public static IReadOnlyDictionary<string, string?> ParseRaw(string text)
    {
        OrderedDictionary<string, string?> variables = [];
        foreach (var line in text.Split('\n').Select(line => line.TrimEnd('\r')).Where(line => line.Trim().Length > 0 && line.TrimStart()[0] != '#').Take(MaximumVariables))
        {
            var parts = line.Split('=', 2);
            variables[parts[0].Trim()] = parts.Length > 1 ? parts[1] : null;
        }
        return variables;
    }

    private void ReadLines()
    {
        if (_text.StartsWith('\uFEFF'))
        {
            _at = 1;
        }
        while (SkipToName())
        {
            var start = _at;
            var name = ReadName();
            if (_variables.Count >= MaximumVariables)
            {
                throw Wrong(start, $"more than {MaximumVariables} variables");
            }
            SkipBlanks();
            if (_at < _text.Length && _text[_at] is ('=' or ':'))
            {
                _at++;
                SkipBlanks();
                _variables[name] = ReadValue();
            }
            else if (_at == _text.Length || _text[_at] is '\n' or '#')
            {
                _variables[name] = null;
            }
            else
            {
                throw Wrong(_at, $"unexpected \"{_text[_at]}\" behind the name {name}");
            }
            SkipLine();
        }
    }

    private bool SkipToName()
    {
        while (_at < _text.Length)
        {
            if (_text[_at] == '#')
            {
                SkipLine();
            }
            else if (char.IsWhiteSpace(_text[_at]))
            {
                _at++;
            }
            else
            {
                return true;
            }
        }
        return false;
    }

    private string ReadName()
    {
        var start = _at;
        if (_text.AsSpan(_at).StartsWith("export ") || _text.AsSpan(_at).StartsWith("export\t"))
        {
            _at += "export ".Length;
            SkipBlanks();
            start = _at;
        }
        while (_at < _text.Length && (char.IsLetterOrDigit(_text[_at]) || _text[_at] is '_' or '.' or '-' or '[' or ']'))
        {
            _at++;
        }
        return _at > start ? _text[start.._at] : throw Wrong(_at, "a variable's name is expected here");
    }

    private string ReadValue()
    {
        if (_at == _text.Length)
        {
            return "";
        }
        if (_text[_at] is '\'' or '"')
        {
            return ReadQuoted(_text[_at]);
        }
        var start = _at;
        while (_at < _text.Length && _text[_at] != '\n' && !(_text[_at] == '#' && (_at == start || _text[_at - 1] is ' ' or '\t')))
        {
            _at++;
        }
        return Interpolate(start, _text[start.._at].Trim());
    }

    private string ReadQuoted(char quote)
    {
        var start = _at++;
        StringBuilder value = new();
        while (_at < _text.Length && _text[_at] != quote)
        {
            if (_text[_at] != '\\' || _at + 1 == _text.Length)
            {
                value.Append(_text[_at++]);
                continue;
            }
            var escaped = _text[_at + 1];
            _at += 2;
            _ = quote == '\''
                ? value.Append(escaped == '\'' ? "'" : $"\\{escaped}")
                : escaped switch
                {
                    'n' => value.Append('\n'),
                    'r' => value.Append('\r'),
                    't' => value.Append('\t'),
                    '"' or '\\' => value.Append(escaped),
                    '$' => value.Append("$$"),
                    _ => value.Append('\\').Append(escaped),
                };
        }
        if (_at == _text.Length)
        {
            throw Wrong(start, "the quote is not closed");
        }
        _at++;
        SkipBlanks();
        if (_at < _text.Length && _text[_at] is not ('\n' or '#'))
        {
            throw Wrong(_at, "unexpected text behind the closing quote");
        }
        return quote == '\'' ? value.ToString() : Interpolate(start, value.ToString());
    }

    private string Interpolate(int start, string value)
    {
        try
        {
            return _interpolation.Replace(value);
        }
        catch (FormatException e)
        {
            throw Wrong(start, e.Message);
        }
    }

    private void SkipBlanks()
    {
        while (_at < _text.Length && _text[_at] is (' ' or '\t'))
        {
            _at++;
        }
    }

    private void SkipLine()
    {
        var end = _text.IndexOf('\n', _at);
        _at = end < 0 ? _text.Length : end + 1;
    }

    private ComposeException Wrong(int at, string message)
    {
        var before = _text.AsSpan(0, Math.Min(at, _text.Length));
        return new ComposeException(new Mark(_file, before.Count('\n') + 1, before.Length - before.LastIndexOf('\n')), message);
    }
}
