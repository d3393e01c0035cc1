using Berth.Compose.Loading;

namespace Berth.Compose.Tests.Loading;

public sealed class InterpolationTests
{
    private static readonly Dictionary<string, string> s_variables = new() { ["X"] = "x", ["EMPTY"] = "", ["Y"] = "yy" };

    private static string Replace(string text, List<string>? unset = null) => new Interpolation(s_variables.GetValueOrDefault, name => unset?.Add(name)).Replace(text);

    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("$X", "x")]
    [InlineData("a$X.b", "ax.b")]
    [InlineData("${X}${Y}", "xyy")]
    [InlineData("$$X", "$X")]
    [InlineData("$$$X", "$x")]
    [InlineData("${X:-d}", "x")]
    [InlineData("${EMPTY:-d}", "d")]
    [InlineData("${EMPTY-d}", "")]
    [InlineData("${NONE-d}", "d")]
    [InlineData("${NONE:-d}", "d")]
    [InlineData("${NONE:-}", "")]
    [InlineData("${NONE-${Y}}", "yy")]
    [InlineData("${NONE:-${NONE2:-deep $X}}", "deep x")]
    [InlineData("${NONE:-a:b-c?d+e}", "a:b-c?d+e")]
    [InlineData("${X:+set}", "set")]
    [InlineData("${EMPTY:+set}", "")]
    [InlineData("${EMPTY+set}", "set")]
    [InlineData("${NONE+set}", "")]
    [InlineData("${X:+${Y}}", "yy")]
    [InlineData("${X?message}", "x")]
    [InlineData("${EMPTY?message}", "")]
    [InlineData("${X:?message}", "x")]
    [InlineData("${X-$$}", "x")]
    [InlineData("${NONE-$$}", "$")]
    [InlineData("${X:-${NONE:?not looked at}}", "x")]
    [InlineData("${NONE:+${NONE:?not looked at}}", "")]
    public void Replace_EveryForm_AsTheSpecificationHasIt(string text, string expected) => Assert.Equal(expected, Replace(text));

    [Theory]
    [InlineData("${NONE?}", "NONE")]
    [InlineData("${NONE:?give it}", "give it")]
    [InlineData("${EMPTY:?give it}", "give it")]
    [InlineData("${NONE:?because ${Y}}", "because yy")]
    public void Replace_RequiredVariableMissing_SaysWhy(string text, string part) => Assert.Contains(part, Assert.Throws<ComposeException>(() => Replace(text)).Message);

    [Theory]
    [InlineData("$")]
    [InlineData("a $ b")]
    [InlineData("$1")]
    [InlineData("${")]
    [InlineData("${}")]
    [InlineData("${X")]
    [InlineData("${X:-d")]
    [InlineData("${X!d}")]
    [InlineData("${X:d}")]
    [InlineData("${X:-${Y}")]
    [InlineData("${1X}")]
    public void Replace_Malformed_IsRefused(string text) => Assert.Throws<FormatException>(() => Replace(text));

    [Fact]
    public void Replace_UnsetVariable_IsEmptyAndReported()
    {
        List<string> unset = [];
        Assert.Equal("a--b", Replace("a-$NONE-b", unset));
        Assert.Equal(["NONE"], unset);
        Assert.Equal("x", Replace("${NONE:-x}", unset));
        Assert.Single(unset);
    }

    [Fact]
    public void Replace_NestedWithoutEnd_IsBounded()
    {
        var deep = string.Concat(Enumerable.Repeat("${N:-", 10_000)) + new string('}', 10_000);
        Assert.Throws<FormatException>(() => Replace(deep));
    }

    [Fact]
    public void Replace_ManyLargeValues_IsBounded()
    {
        Interpolation interpolation = new(_ => new string('v', 100_000), _ => { });
        Assert.Throws<FormatException>(() => interpolation.Replace(string.Concat(Enumerable.Repeat("$X", 1000))));
    }
}
