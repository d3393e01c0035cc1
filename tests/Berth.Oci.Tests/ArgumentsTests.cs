namespace Berth.Oci.Tests;

public sealed class ArgumentsTests
{
    private static Arguments Parse(params string[] words) => Arguments.Parse(words, ["force|f", "all|a"], ["user|u", "env|e"]);

    [Fact]
    public void Parse_EveryForm_IsRead()
    {
        Arguments given = Parse("-f", "--user", "7", "-e", "A=1", "--env=B=2", "--all=false", "id", "-x", "--force=false");
        Assert.True(given.Has("force"));
        Assert.False(given.Has("all"));
        Assert.Equal("7", given.Value("user"));
        Assert.Equal(["A=1", "B=2"], given.Values("env"));
        Assert.Equal(["id", "-x", "--force=false"], given.Words);
    }

    [Fact]
    public void Parse_DoubleDash_EndsTheOptions() => Assert.Equal(["-f"], Parse("--", "-f").Words);

    [Theory]
    [InlineData("--nothing")]
    [InlineData("--user")]
    [InlineData("--force=perhaps")]
    public void Parse_WrongOption_IsRefused(string word) => Assert.Throws<OciException>(() => Parse(word));
}
