using Berth.Build.Expansion;

namespace Berth.Build.Tests.Expansion;

public sealed class ExpanderTests
{
    private static readonly Dictionary<string, string> Variables = new() { ["a"] = "one", ["empty"] = "", ["p"] = "/usr/local/lib.tar.gz", ["s"] = "x y", ["star"] = "*" };

    private static Expander New(char escape = '\\') => new(escape, Variables.GetValueOrDefault);

    // The values that Docker's builder gives, by its reference and its own tests.
    [Theory]
    [InlineData("$a-${a}-$ab", "one-one-")]
    [InlineData("${no:-d} ${empty:-d} ${empty-d} ${no-d}", "d d  d")]
    [InlineData("${a:+d} ${empty:+d} ${empty+d} ${no+d}", "d  d ")]
    [InlineData("${no:-${a}}", "one")]
    [InlineData("${no:-\"a } b\"}", "a } b")]
    [InlineData("'$a' \"$a\" \\$a \"\\$a\"", "$a one $a $a")]
    [InlineData("\"a\\b\" a\\b", "a\\b ab")]
    [InlineData("$ $. $1x", "$ $. x")]
    [InlineData("${p##*/}", "lib.tar.gz")]
    [InlineData("${p#*/}", "usr/local/lib.tar.gz")]
    [InlineData("${p%.*}", "/usr/local/lib.tar")]
    [InlineData("${p%%.*}", "/usr/local/lib")]
    [InlineData("${p#x}", "/usr/local/lib.tar.gz")]
    [InlineData("${p/l/L}", "/usr/Local/lib.tar.gz")]
    [InlineData("${p//l/L}", "/usr/LocaL/Lib.tar.gz")]
    [InlineData("${p//\\//}", "usrlocallib.tar.gz")]
    [InlineData("${a/?/$s}", "x yne")]
    [InlineData("${p##*${no:-l}}", "ib.tar.gz")]
    [InlineData("${star##$star}", "")]
    [InlineData("${a##$star}", "one")]
    [InlineData("end\\", "end")]
    public void Expand_Forms(string text, string expected) => Assert.Equal(expected, New().Expand(text));

    [Theory]
    [InlineData("${a", "looking for matching }")]
    [InlineData("${a:-x", "a closing } is missing")]
    [InlineData("${}", "bad substitution")]
    [InlineData("${a!}", "unsupported modifier")]
    [InlineData("'a", "matching single-quote")]
    [InlineData("\"a", "matching double-quote")]
    [InlineData("${no:?it is needed}", "no: it is needed")]
    [InlineData("${empty:?}", "empty: not set")]
    public void Expand_Malformed_SaysWhy(string text, string why) => Assert.Contains(why, Assert.Throws<ExpansionException>(() => New().Expand(text)).Message);

    [Fact]
    public void Expand_OtherEscape_LeavesBackslashes() => Assert.Equal("\\$a one \\$a", new Expander('`', Variables.GetValueOrDefault).Expand("\\`$a $a '\\$a'"));

    [Fact]
    public void ExpandDocument_KeepsQuotes() => Assert.Equal("\"one\" 'one' $a \\n", New().ExpandDocument("\"$a\" '$a' \\$a \\n"));

    [Fact]
    public void ExpandWords_SplitsWhatVariablesHold() => Assert.Equal(["x", "y", "one"], New().ExpandWords("$s  $a $empty"));

    [Fact]
    public void Expand_Growth_IsBounded()
    {
        string value = "xxxxxxxxxx";
        Assert.Throws<ExpansionException>(() =>
        {
            for (int i = 0; i < 64; i++)
                value = new Expander('\\', _ => value).Expand("$a$a");
        });
        Assert.InRange(value.Length, 10, BuildLimits.MaxExpandedLength);
        Assert.Throws<ExpansionException>(() => New().Expand(string.Concat(Enumerable.Repeat("${no:-", 1000)) + new string('}', 1000)));
        Assert.Throws<ExpansionException>(() => new Expander('\\', _ => new string('a', 200_000)).Expand("${a//a*b/x}"));
    }

    [Fact]
    public void Expand_AnyText_GivesTextOrAReason()
    {
        string[] pieces = ["$", "{", "}", "a", "no", ":", "-", "+", "?", "#", "%", "/", "*", "\\", "\"", "'", " ", "${", "${a", ":-", "x"];
        var random = new Random(21);
        for (int i = 0; i < 50_000; i++)
        {
            string text = string.Concat(Enumerable.Range(0, random.Next(20)).Select(_ => pieces[random.Next(pieces.Length)]));
            try
            {
                Assert.InRange(New().Expand(text).Length, 0, BuildLimits.MaxExpandedLength);
            }
            catch (ExpansionException e)
            {
                Assert.NotEmpty(e.Message);
            }
        }
    }
}
