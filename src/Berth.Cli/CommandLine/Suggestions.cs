namespace Berth.Cli.CommandLine;

/// <summary>Finds what a misspelt word may have meant.</summary>
internal static class Suggestions
{
    /// <summary>The candidates within two edits of <paramref name="word"/> (fewer for short words) or beginning with it, nearest first; at most three.</summary>
    public static IReadOnlyList<string> Nearest(string word, IEnumerable<string> candidates)
    {
        var limit = word.Length <= 3 ? 1 : 2;
        return
        [
            .. candidates
                .Distinct()
                .Select(candidate => (Candidate: candidate, Distance: Distance(word, candidate)))
                .Where(pair => pair.Distance <= limit || (word.Length >= 2 && pair.Candidate.StartsWith(word, StringComparison.Ordinal)))
                .OrderBy(pair => pair.Distance)
                .ThenBy(pair => pair.Candidate, StringComparer.Ordinal)
                .Select(pair => pair.Candidate)
                .Take(3),
        ];
    }

    /// <summary>Edits between two words: insertions, deletions, replacements, swapped neighbours (optimal string alignment).</summary>
    public static int Distance(string a, string b)
    {
        var rows = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++)
        {
            rows[i, 0] = i;
        }
        for (var j = 0; j <= b.Length; j++)
        {
            rows[0, j] = j;
        }
        for (var i = 1; i <= a.Length; i++)
        {
            for (var j = 1; j <= b.Length; j++)
            {
                var cost = a[i - 1] == b[j - 1] ? 0 : 1;
                rows[i, j] = Math.Min(Math.Min(rows[i - 1, j] + 1, rows[i, j - 1] + 1), rows[i - 1, j - 1] + cost);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                {
                    rows[i, j] = Math.Min(rows[i, j], rows[i - 2, j - 2] + 1);
                }
            }
        }
        return rows[a.Length, b.Length];
    }
}
