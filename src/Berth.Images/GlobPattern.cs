namespace Berth.Images;

/// <summary>Shell patterns as Go's path.Match has them: <c>*</c> and <c>?</c> stop at '/', <c>[a-z]</c> and <c>[^a]</c> are classes.</summary>
internal static class GlobPattern
{
    public static bool IsMatch(ReadOnlySpan<char> pattern, ReadOnlySpan<char> text)
    {
        // Where to go on when the text after the last star does not fit: patterns come from users, so no recursion and no blow-up.
        int star = -1, resume = 0, p = 0, t = 0;
        while (t < text.Length)
        {
            if (p < pattern.Length && pattern[p] == '*')
            {
                (star, resume) = (++p, t);
            }
            else if (p < pattern.Length && MatchOne(pattern, ref p, text[t]))
            {
                t++;
            }
            else if (star >= 0 && text[resume] != '/')
            {
                (p, t) = (star, ++resume);
            }
            else
            {
                return false;
            }
        }
        return pattern[p..].IndexOfAnyExcept('*') < 0;
    }

    private static bool MatchOne(ReadOnlySpan<char> pattern, ref int p, char c)
    {
        switch (pattern[p])
        {
            case '?':
                p++;
                return c != '/';
            case '[':
                return MatchClass(pattern, ref p, c);
            case '\\' when p + 1 < pattern.Length:
                p += 2;
                return pattern[p - 1] == c;
            default:
                return pattern[p++] == c;
        }
    }

    private static bool MatchClass(ReadOnlySpan<char> pattern, ref int p, char c)
    {
        int end = pattern[p..].IndexOf(']');
        if (end < 2)
        {
            return false;
        }
        ReadOnlySpan<char> set = pattern.Slice(p + 1, end - 1);
        p += end + 1;
        bool negated = set[0] is '^' or '!', found = false;
        set = negated ? set[1..] : set;
        for (int i = 0; i < set.Length; i++)
        {
            if (i + 2 < set.Length && set[i + 1] == '-')
            {
                found |= c >= set[i] && c <= set[i + 2];
                i += 2;
            }
            else
            {
                found |= set[i] == c;
            }
        }
        return found != negated;
    }
}
