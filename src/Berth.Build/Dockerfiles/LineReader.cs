using System.Text;
using System.Text.RegularExpressions;

namespace Berth.Build.Dockerfiles;

/// <summary>Cuts a Dockerfile into instructions: parser directives, comments, continued lines, documents. [DOCKERFILE] "Format".</summary>
internal sealed partial class LineReader
{
    private readonly string _file;
    private readonly string[] _lines;
    private int _next;

    public LineReader(string file, string text)
    {
        _file = file;
        _lines = [.. text.TrimStart('\uFEFF').Split('\n').Select(static line => line.EndsWith('\r') ? line[..^1] : line)];
        ReadDirectives();
    }

    public char Escape { get; private set; } = '\\';

    public List<string> Warnings { get; } = [];

    /// <summary>The next instruction, or null at the end.</summary>
    public LogicalLine? Read()
    {
        while (_next < _lines.Length)
        {
            string line = _lines[_next++];
            if (IsComment(line) || string.IsNullOrWhiteSpace(line))
                continue;
            int number = _next;
            string text = Join(line.TrimStart(), number);
            if (text.Trim().Length > 0)
                return new LogicalLine(number, text.TrimEnd(), Documents(text, number));
        }
        return null;
    }

    /// <summary>Bytes of a file as text.</summary>
    public static string Decode(string file, ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > BuildLimits.MaxFileBytes)
            throw new DockerfileException(file, 1, $"the file has {bytes.Length} bytes, more than {BuildLimits.MaxFileBytes}");
        try
        {
            string text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes);
            int nul = text.IndexOf('\0', StringComparison.Ordinal);
            return nul < 0 ? text : throw new DockerfileException(file, 1 + text.AsSpan(0, nul).Count('\n'), "the file holds a NUL character: it is no text");
        }
        catch (DecoderFallbackException e)
        {
            throw new DockerfileException(file, 1 + bytes[..Math.Max(0, e.Index)].Count((byte)'\n'), "the file is not UTF-8", e);
        }
    }

    private static bool IsComment(string line) => line.AsSpan().TrimStart().StartsWith('#');

    // [DOCKERFILE] "Parser directives": only before everything else, and each once.
    private void ReadDirectives()
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        while (_next < _lines.Length && Directive().Match(_lines[_next]) is { Success: true } match)
        {
            string name = match.Groups["name"].Value.ToLowerInvariant(), value = match.Groups["value"].Value;
            if (name is not ("syntax" or "escape" or "check"))
                return; // a comment like any other
            if (!seen.Add(name))
                throw new DockerfileException(_file, _next + 1, $"only one {name} parser directive can be used");
            if (name == "escape")
                Escape = value is "\\" or "`" ? value[0] : throw new DockerfileException(_file, _next + 1, $"invalid escape token \"{Shown.Text(value)}\": it must be ` or \\");
            _next++;
        }
    }

    private string Join(string line, int number)
    {
        if (!Continues(line))
            return line;
        var text = new StringBuilder();
        bool warned = false;
        while (true)
        {
            bool continues = Continues(line);
            text.Append(continues ? line.AsSpan().TrimEnd()[..^1] : line);
            if (!continues)
                return text.ToString();
            do
            {
                if (_next == _lines.Length)
                    return text.ToString();
                line = _lines[_next++];
                if (string.IsNullOrWhiteSpace(line) && !warned && _next < _lines.Length)
                {
                    Warnings.Add($"{_file}:{_next}: empty continuation line");
                    warned = true;
                }
            }
            while (IsComment(line) || string.IsNullOrWhiteSpace(line));
        }
    }

    // The escape character at the end, blanks aside; one that is escaped itself does not continue.
    private bool Continues(string line)
    {
        ReadOnlySpan<char> trimmed = line.AsSpan().TrimEnd(" \t");
        return trimmed.Length > 0 && trimmed[^1] == Escape && (trimmed.Length == 1 || trimmed[^2] != Escape);
    }

    private List<Heredoc> Documents(string text, int number)
    {
        var documents = new List<Heredoc>();
        string keyword = text.Split([' ', '\t'], 2)[0].ToUpperInvariant();
        if (keyword is not ("RUN" or "COPY" or "ADD" or "ONBUILD") || !text.Contains("<<", StringComparison.Ordinal))
            return documents;
        foreach (string word in Words.Split(text, Escape))
        {
            if (DocumentStart().Match(word) is not { Success: true } match)
                continue;
            string name = match.Groups["name"].Value;
            bool quoted = name.AsSpan().IndexOfAny('"', '\'', Escape) >= 0;
            name = name.Replace("\"", "", StringComparison.Ordinal).Replace("'", "", StringComparison.Ordinal).Replace(Escape.ToString(), "", StringComparison.Ordinal);
            if (name.Length == 0)
                continue;
            documents.Add(new Heredoc(name, Content(name, match.Groups["chomp"].Length > 0, number), !quoted));
        }
        return documents;
    }

    private string Content(string name, bool chomps, int number)
    {
        var content = new StringBuilder();
        while (_next < _lines.Length)
        {
            string line = _lines[_next++];
            line = chomps ? line.TrimStart('\t') : line;
            if (line == name)
                return content.ToString();
            content.Append(line).Append('\n');
        }
        throw new DockerfileException(_file, number, $"the document <<{Shown.Text(name)} has no end: a line with {Shown.Text(name)} alone is missing");
    }

    [GeneratedRegex(@"^#[ \t]*(?<name>[a-zA-Z][a-zA-Z0-9]*)[ \t]*=[ \t]*(?<value>\S+(?:[ \t]+\S+)*)[ \t]*$")]
    private static partial Regex Directive();

    [GeneratedRegex(@"^[0-9]*<<(?<chomp>-?)(?<name>[^<]+)$")]
    private static partial Regex DocumentStart();
}
