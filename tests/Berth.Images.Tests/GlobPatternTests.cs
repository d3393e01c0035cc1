namespace Berth.Images.Tests;

public sealed class GlobPatternTests
{
    [Theory]
    [InlineData("busy*", "busybox", true)]
    [InlineData("busy*", "busybox:latest", true)]
    [InlineData("*:latest", "busybox:latest", true)]
    [InlineData("*", "user/app", false)]
    [InlineData("*/*", "user/app", true)]
    [InlineData("b?s[x-z]box", "busybox", true)]
    [InlineData("b?s[s-z]box", "buszbox", true)]
    [InlineData("[^a]x", "bx", true)]
    [InlineData("[^a]x", "ax", false)]
    [InlineData("a*b*c", "aXbYbc", true)]
    [InlineData("a\\*", "a*", true)]
    [InlineData("[", "[", false)]
    [InlineData("", "", true)]
    [InlineData("**", "", true)]
    public void IsMatch_Pattern_FollowsGo(string pattern, string text, bool expected) => Assert.Equal(expected, GlobPattern.IsMatch(pattern, text));

    [Fact]
    public void IsMatch_ManyStars_TakesNoLongTime() =>
        Assert.False(GlobPattern.IsMatch(string.Concat(Enumerable.Repeat("*a", 1000)) + "b", new string('a', 5000)));
}
