using System.Text;
using System.Text.RegularExpressions;
using Berth.Build.Ignore;

namespace Berth.Build.Tests.Ignore;

public sealed class IgnoreFileTests
{
    private static IgnoreFile Of(string text) => IgnoreFile.Parse(".dockerignore", Encoding.UTF8.GetBytes(text));

    [Theory]
    [InlineData("*.md", "a.md", true)]
    [InlineData("*.md", "d/a.md", false)]
    [InlineData("**/*.md", "d/e/a.md", true)]
    [InlineData("**/*.md", "a.md", true)]
    [InlineData("dir", "dir/x/y", true)]
    [InlineData("/dir/", "dir/x", true)]
    [InlineData("./a/../b", "b", true)]
    [InlineData("a/**", "a", false)]
    [InlineData("a/**", "a/b/c", true)]
    [InlineData("a/**/z", "a/z", true)]
    [InlineData("a/**/z", "a/b/c/z", true)]
    [InlineData("**", "x/y", true)]
    [InlineData("a?c", "abc", true)]
    [InlineData("a?c", "a/c", false)]
    [InlineData("[a-c]x", "bx", true)]
    [InlineData("[^a-c]x", "bx", false)]
    [InlineData("\\*", "*", true)]
    [InlineData("\\*", "x", false)]
    [InlineData("# c\n\n", "# c", false)]
    [InlineData("*\n!keep", "keep", false)]
    [InlineData("*\n!keep", "lost", true)]
    [InlineData("!keep\n*", "keep", true)]
    [InlineData("d\n!d/keep\nd/keep/not", "d/keep/not", true)]
    [InlineData("d\n!d/keep\nd/keep/not", "d/keep/x", false)]
    [InlineData("../x", "x", false)]
    public void Ignores_Patterns(string file, string path, bool ignored) => Assert.Equal(ignored, Of(file).Ignores(path));

    [Theory]
    [InlineData("d\n!d/keep", "d", true)]
    [InlineData("d\n!e/keep", "d", false)]
    [InlineData("d\n!**/keep", "d", true)]
    [InlineData("d", "d", false)]
    public void MayKeepBelow_LooksForExceptions(string file, string directory, bool may) => Assert.Equal(may, Of(file).MayKeepBelow(directory));

    [Theory]
    [InlineData("a\n!", ".dockerignore:2: illegal pattern \"!\"")]
    [InlineData("[a", ".dockerignore:1: \"[a\": a class [ has no end")]
    public void Parse_Malformed_NamesTheLine(string file, string message) => Assert.Equal(message, Assert.Throws<DockerfileException>(() => Of(file)).Message);

    [Fact]
    public void Parse_TooMany_IsRefused() =>
        Assert.Contains("more than", Assert.Throws<DockerfileException>(() => Of(string.Concat(Enumerable.Repeat("a\n", BuildLimits.MaxPatterns + 1)))).Message);

    // The same language as the regular expression that Docker makes of a pattern.
    [Fact]
    public void Matches_RandomPatterns_AgreesWithRegularExpressions()
    {
        string[] pieces = ["a", "b", "/", "*", "**", "**/", "?", "[ab]", "[^a]"];
        string[] letters = ["a", "b", "/", "c"];
        var random = new Random(22);
        for (int i = 0; i < 20_000; i++)
        {
            string text = string.Concat(Enumerable.Range(0, random.Next(1, 7)).Select(_ => pieces[random.Next(pieces.Length)]));
            string path = string.Concat(Enumerable.Range(0, random.Next(1, 8)).Select(_ => letters[random.Next(letters.Length)]));
            Assert.True(new PathPattern(text).Matches(path) == new Regex(Translated(text), RegexOptions.NonBacktracking).IsMatch(path), $"{text} on {path}");
        }
    }

    [Fact]
    public void Matches_HostilePattern_TakesBoundedTime() =>
        Assert.False(new PathPattern(string.Concat(Enumerable.Repeat("*a", 1000)) + "b").Matches(new string('a', 4000)));

    private static string Translated(string pattern)
    {
        var regex = new StringBuilder("^");
        for (int i = 0; i < pattern.Length; i++)
        {
            if (pattern.AsSpan(i).StartsWith("**"))
            {
                while (i + 1 < pattern.Length && pattern[i + 1] == '*')
                    i++;
                bool slash = i + 1 < pattern.Length && pattern[i + 1] == '/';
                i += slash ? 1 : 0;
                regex.Append(slash ? "(.*/)?" : ".*");
            }
            else if (pattern[i] == '[')
            {
                int end = pattern.IndexOf(']', i);
                regex.Append(pattern[i..end].Replace("[^", "[^/", StringComparison.Ordinal)).Append(']');
                i = end;
            }
            else
            {
                regex.Append(pattern[i] switch { '*' => "[^/]*", '?' => "[^/]", var c => Regex.Escape(c.ToString()) });
            }
        }
        return regex.Append('$').ToString();
    }
}
