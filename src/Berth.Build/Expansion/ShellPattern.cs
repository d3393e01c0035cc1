using System.Text;

namespace Berth.Build.Expansion;

/// <summary>A pattern of the forms # % and /: <c>*</c>, <c>?</c>, and backslash before what means itself.</summary>
internal sealed class ShellPattern
{
    // Every step looks at all places in the pattern at once, so nothing takes exponential time; this bounds the rest.
    private const int MaxSteps = 1 << 22;

    private readonly List<(char Value, bool IsStar, bool IsAny)> _parts = [];
    private int _steps;

    public ShellPattern(string text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            bool escaped = text[i] == '\\' && i + 1 < text.Length;
            char c = escaped ? text[++i] : text[i];
            _parts.Add((c, !escaped && c == '*', !escaped && c == '?'));
        }
    }

    /// <summary>The text without its shortest or longest prefix or suffix that matches.</summary>
    public string Remove(string text, bool fromFront, bool longest)
    {
        if (!fromFront)
        {
            _parts.Reverse();
            return Reversed(Remove(Reversed(text), fromFront: true, longest));
        }
        int length = Match(text, 0, longest);
        return length < 0 ? text : text[length..];
    }

    /// <summary>The text with the first match, or all of them, replaced.</summary>
    public string Replace(string text, string by, bool all)
    {
        var result = new StringBuilder();
        int at = 0;
        while (at < text.Length)
        {
            int length = Match(text, at, longest: true);
            if (length <= 0)
            {
                result.Append(text[at++]);
                continue;
            }
            if (result.Length + by.Length > BuildLimits.MaxExpandedLength)
                throw new ExpansionException($"the text grows beyond {BuildLimits.MaxExpandedLength} characters");
            result.Append(by);
            at += length;
            if (!all)
                break;
        }
        return result.Append(text, at, text.Length - at).ToString();
    }

    // Length of the match that begins there, or -1.
    private int Match(string text, int start, bool longest)
    {
        var states = new bool[_parts.Count + 1];
        var next = new bool[_parts.Count + 1];
        states[0] = true;
        int found = -1;
        for (int i = start; ; i++)
        {
            for (int p = 0; p < _parts.Count; p++)
                states[p + 1] |= states[p] && _parts[p].IsStar;
            if (states[_parts.Count])
            {
                found = i - start;
                if (!longest)
                    return found;
            }
            if (i == text.Length)
                return found;
            if ((_steps += _parts.Count) > MaxSteps)
                throw new ExpansionException("a pattern takes too many steps on a text of this length");
            Array.Clear(next);
            bool alive = false;
            for (int p = 0; p < _parts.Count; p++)
            {
                if (!states[p])
                    continue;
                next[p] |= _parts[p].IsStar;
                next[p + 1] |= !_parts[p].IsStar && (_parts[p].IsAny || _parts[p].Value == text[i]);
                alive |= next[p] || next[p + 1];
            }
            if (!alive)
                return found;
            (states, next) = (next, states);
        }
    }

    private static string Reversed(string text)
    {
        char[] characters = text.ToCharArray();
        Array.Reverse(characters);
        return new string(characters);
    }
}
