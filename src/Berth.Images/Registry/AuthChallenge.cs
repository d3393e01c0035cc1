namespace Berth.Images.Registry;

/// <summary>One way to prove oneself that a registry offers. [RFC9110] section 11.6.1.</summary>
/// <param name="Scheme">In lower case: <c>basic</c>, <c>bearer</c> or another.</param>
/// <param name="Parameters">By name in lower case.</param>
internal sealed record AuthChallenge(string Scheme, IReadOnlyDictionary<string, string> Parameters)
{
    private const int MaxLength = 16 << 10;
    private const int MaxChallenges = 8;
    private const int MaxParameters = 16;

    /// <summary>A parameter, or empty.</summary>
    public string this[string name] => Parameters.GetValueOrDefault(name, "");

    /// <summary>The challenges of WWW-Authenticate header values. What cannot be read, and all after it in the same value, is left out.</summary>
    public static IReadOnlyList<AuthChallenge> Parse(IEnumerable<string> values)
    {
        var all = new List<AuthChallenge>();
        foreach (string value in values)
        {
            if (value.Length <= MaxLength)
            {
                Parse(value, all);
            }
        }
        return all;
    }

    private static void Parse(string text, List<AuthChallenge> all)
    {
        int at = 0;
        while (all.Count < MaxChallenges)
        {
            while (at < text.Length && text[at] is ' ' or '\t' or ',')
            {
                at++;
            }
            string scheme = Token(text, ref at);
            if (scheme.Length == 0 || (at < text.Length && text[at] is not (' ' or '\t' or ',')))
            {
                return;
            }
            var parameters = new Dictionary<string, string>(StringComparer.Ordinal);
            all.Add(new AuthChallenge(scheme.ToLowerInvariant(), parameters));
            ReadParameters(text, ref at, parameters);
        }
    }

    // Ends before a word without '=': the next scheme.
    private static void ReadParameters(string text, ref int at, Dictionary<string, string> parameters)
    {
        while (true)
        {
            int start = at;
            while (at < text.Length && text[at] is ' ' or '\t' or ',')
            {
                at++;
            }
            string name = Token(text, ref at);
            SkipBlanks(text, ref at);
            if (name.Length == 0 || at >= text.Length || text[at] != '=')
            {
                at = start;
                return;
            }
            at++;
            SkipBlanks(text, ref at);
            string value = at < text.Length && text[at] == '"' ? Quoted(text, ref at) : Token(text, ref at);
            if (parameters.Count < MaxParameters)
            {
                parameters.TryAdd(name.ToLowerInvariant(), value);
            }
        }
    }

    private static void SkipBlanks(string text, ref int at)
    {
        while (at < text.Length && text[at] is ' ' or '\t')
        {
            at++;
        }
    }

    private static string Token(string text, ref int at)
    {
        int start = at;
        while (at < text.Length && (char.IsAsciiLetterOrDigit(text[at]) || "!#$%&'*+-.^_`|~/:".Contains(text[at])))
        {
            at++;
        }
        return text[start..at];
    }

    private static string Quoted(string text, ref int at)
    {
        var value = new System.Text.StringBuilder();
        for (at++; at < text.Length && text[at] != '"'; at++)
        {
            if (text[at] == '\\' && at + 1 < text.Length)
            {
                at++;
            }
            value.Append(text[at]);
        }
        at = Math.Min(at + 1, text.Length);
        return value.ToString();
    }
}
