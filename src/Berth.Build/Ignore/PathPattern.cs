namespace Berth.Build.Ignore;

/// <summary>
/// One pattern over paths: <c>*</c> and <c>?</c> stop at slashes, <c>**</c> does not, <c>[a-z]</c> and <c>[^a]</c> are classes, backslash
/// escapes. Its time is bounded by pattern times path, whatever they hold.
/// </summary>
public sealed class PathPattern
{
    private readonly List<Part> _parts = [];

    /// <summary>Reads a pattern.</summary>
    /// <exception cref="FormatException">It is too long or a class has no end.</exception>
    public PathPattern(string text)
    {
        if (text.Length > BuildLimits.MaxPatternLength)
            throw new FormatException($"a pattern has more than {BuildLimits.MaxPatternLength} characters");
        for (int i = 0; i < text.Length; i++)
        {
            switch (text[i])
            {
                case '*' when i + 1 < text.Length && text[i + 1] == '*':
                    while (i + 1 < text.Length && text[i + 1] == '*')
                        i++;
                    bool slash = i + 1 < text.Length && text[i + 1] == '/';
                    i += slash ? 1 : 0;
                    if (slash)
                        _parts.Add(new Part(Kind.Optional));
                    _parts.Add(new Part(slash ? Kind.Directories : Kind.Everything));
                    break;
                case '*':
                    _parts.Add(new Part(Kind.Star));
                    break;
                case '?':
                    _parts.Add(new Part(Kind.Any));
                    break;
                case '[':
                    _parts.Add(Class(text, ref i));
                    break;
                case '\\' when i + 1 < text.Length:
                    _parts.Add(new Part(Kind.One, text[++i]));
                    break;
                default:
                    _parts.Add(new Part(Kind.One, text[i]));
                    break;
            }
        }
        IsLiteral = _parts.TrueForAll(static part => part.Kind == Kind.One);
    }

    private enum Kind
    {
        One,
        Any,
        Star,
        Everything,
        Optional,    // the next part may be left out
        Directories, // anything up to and with a slash
        Set,
    }

    /// <summary>It matches one path alone.</summary>
    public bool IsLiteral { get; }

    /// <summary>Whether it matches the whole path.</summary>
    public bool Matches(ReadOnlySpan<char> path)
    {
        var states = new bool[_parts.Count + 1];
        var next = new bool[_parts.Count + 1];
        states[0] = true;
        for (int i = 0; ; i++)
        {
            for (int p = 0; p < _parts.Count; p++)
            {
                states[p + 1] |= states[p] && _parts[p].Kind is (Kind.Star or Kind.Everything or Kind.Optional);
                if (states[p] && _parts[p].Kind == Kind.Optional)
                    states[p + 2] = true;
            }
            if (i == path.Length)
                return states[_parts.Count];
            Array.Clear(next);
            bool alive = false;
            for (int p = 0; p < _parts.Count; p++)
            {
                if (!states[p])
                    continue;
                bool stays = _parts[p].Kind is Kind.Everything or Kind.Directories || (_parts[p].Kind == Kind.Star && path[i] != '/');
                next[p] |= stays;
                bool goes = _parts[p].Takes(path[i]);
                next[p + 1] |= goes;
                alive |= stays || goes;
            }
            if (!alive)
                return false;
            (states, next) = (next, states);
        }
    }

    private static Part Class(string text, ref int i)
    {
        int at = i + 1;
        bool negated = at < text.Length && text[at] is '^' or '!';
        at += negated ? 1 : 0;
        var ranges = new List<(char, char)>();
        while (at < text.Length && (text[at] != ']' || ranges.Count == 0))
        {
            char low = Next(text, ref at), high = low;
            if (at + 1 < text.Length && text[at] == '-' && text[at + 1] != ']')
            {
                at++;
                high = Next(text, ref at);
            }
            ranges.Add((low, high));
        }
        if (at >= text.Length)
            throw new FormatException($"\"{Shown.Text(text)}\": a class [ has no end");
        i = at;
        return new Part(Kind.Set, '\0', ranges, negated);
    }

    private static char Next(string text, ref int at)
    {
        if (text[at] == '\\' && at + 1 < text.Length)
            at++;
        return text[at++];
    }

    private sealed record Part(Kind Kind, char Value = '\0', List<(char Low, char High)>? Ranges = null, bool Negated = false)
    {
        public bool Takes(char c) => Kind switch
        {
            Kind.One => c == Value,
            Kind.Any => c != '/',
            Kind.Directories => c == '/',
            Kind.Set => c != '/' && Ranges!.Exists(range => c >= range.Low && c <= range.High) != Negated,
            _ => false,
        };
    }
}
