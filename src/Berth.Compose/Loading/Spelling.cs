using Berth.Cli.CommandLine;

namespace Berth.Compose.Loading;

/// <summary>Guesses what a misspelt name was meant to be.</summary>
internal static class Spelling
{
    private const int MaximumWord = 64;

    /// <summary>A question to put behind a complaint; empty when nothing is near.</summary>
    public static string Hint(string word, IEnumerable<string> known) =>
        word.Length <= MaximumWord && Suggestions.Nearest(word, known.Where(name => name.Length <= MaximumWord)) is [var near, ..] ? $"; did you mean \"{near}\"?" : "";
}
