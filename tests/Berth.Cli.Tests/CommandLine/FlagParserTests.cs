namespace Berth.Cli.CommandLine;

public sealed class FlagParserTests
{
    private readonly BoolFlag _interactive = new("interactive", 'i', "");
    private readonly BoolFlag _tty = new("tty", 't', "");
    private readonly TextFlag _memory = new("memory", 'm', "SIZE", "");
    private readonly ListFlag _volume = new("volume", 'v', "SPEC", "");
    private readonly NumberFlag _limit = new("pids-limit", "NUMBER", "");

    private List<string> Parse(bool stop, params string[] words) => FlagParser.Parse([_interactive, _tty, _memory, _volume, _limit], words, stop);

    [Fact]
    public void Parse_BundledLettersWithValue_TakesTheRestAsValue()
    {
        Assert.Equal(["busybox"], Parse(true, "-itv/a:/b", "-m64m", "busybox"));
        Assert.True(_interactive.Value && _tty.Value);
        Assert.Equal(["/a:/b"], _volume.Values);
        Assert.Equal("64m", _memory.Value);
    }

    [Fact]
    public void Parse_AfterFirstArgument_FlagsBelongToTheWorkload()
    {
        Assert.Equal(["busybox", "ls", "-i", "--memory", "x"], Parse(true, "-t", "busybox", "ls", "-i", "--memory", "x"));
        Assert.False(_interactive.Value);
    }

    [Fact]
    public void Parse_Interspersed_FlagsAfterArgumentsCount() => Assert.Equal(["a", "b"], Parse(false, "a", "-i", "b"));

    [Fact]
    public void Parse_ValueThatLooksLikeAFlag_IsTheValue()
    {
        Parse(false, "--pids-limit", "-1", "--memory", "--tty");
        Assert.Equal(-1, _limit.Value);
        Assert.Equal("--tty", _memory.Value);
        Assert.False(_tty.Value);
    }

    [Fact]
    public void Parse_SwitchWithFalse_IsOff()
    {
        Parse(false, "-i", "--interactive=false", "-t=false");
        Assert.False(_interactive.Value || _tty.Value);
        Assert.True(_interactive.IsSet);
    }

    [Fact]
    public void Parse_DoubleDash_EndsFlags() => Assert.Equal(["-i", "--", "x"], Parse(false, "--", "-i", "--", "x"));

    [Theory]
    [InlineData("--memori", "Did you mean --memory?")]
    [InlineData("-x", "unknown shorthand flag: 'x'")]
    [InlineData("--memory", "flag needs an argument")]
    [InlineData("--pids-limit=a", "--pids-limit")]
    [InlineData("--tty=maybe", "true or false")]
    public void Parse_Wrong_SaysWhat(string word, string expected) =>
        Assert.Contains(expected, Assert.Throws<UsageException>(() => Parse(false, word)).Message, StringComparison.Ordinal);

    [Fact]
    public void Parse_Help_IsAsked() => Assert.Throws<HelpRequestedException>(() => Parse(false, "-h"));
}
