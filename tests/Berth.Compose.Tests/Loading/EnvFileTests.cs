using Berth.Compose.Loading;

namespace Berth.Compose.Tests.Loading;

public sealed class EnvFileTests
{
    private static string? One(string text, string name = "A") => EnvFile.Parse("f", text, variable => variable == "OUT" ? "outside" : null)[name];

    [Theory]
    [InlineData("A=1", "1")]
    [InlineData("A = 1 ", "1")]
    [InlineData("A: 1", "1")]
    [InlineData("export A=1", "1")]
    [InlineData("A=", "")]
    [InlineData("A", null)]
    [InlineData("A=a b", "a b")]
    [InlineData("A=a # comment", "a")]
    [InlineData("A=a#b", "a#b")]
    [InlineData("A=# comment", "")]
    [InlineData("A='a # b'", "a # b")]
    [InlineData("A=\"a # b\" # c", "a # b")]
    [InlineData("A='$OUT'", "$OUT")]
    [InlineData("A=$OUT", "outside")]
    [InlineData("A=\"${OUT}\"", "outside")]
    [InlineData("A=\"\\$OUT\"", "$OUT")]
    [InlineData("A=\"l1\\nl2\\t\\\"q\\\"\"", "l1\nl2\t\"q\"")]
    [InlineData("A='l1\\nl2'", "l1\\nl2")]
    [InlineData("A='it\\'s'", "it's")]
    [InlineData("A=\"l1\nl2\"", "l1\nl2")]
    [InlineData("B=2\nA=$B$B", "22")]
    [InlineData("A=${B:-d}", "d")]
    [InlineData("A=1\nA=2", "2")]
    [InlineData("# c\n\n\tA=1\r\n", "1")]
    [InlineData("\uFEFFA=1", "1")]
    [InlineData("A=x=y", "x=y")]
    public void Parse_EveryForm_AsTheSpecificationHasIt(string text, string? expected) => Assert.Equal(expected, One(text));

    [Theory]
    [InlineData("=1", "f:1:1")]
    [InlineData("A=1\n  ?=2", "f:2:3")]
    [InlineData("A B", "f:1:3")]
    [InlineData("\nA='x", "f:2:3")]
    [InlineData("A='x' y", "f:1:7")]
    [InlineData("A=${", "f:1:3")]
    public void Parse_Malformed_NamesThePlace(string text, string place) => Assert.StartsWith(place + ":", Assert.Throws<ComposeException>(() => One(text)).Message);

    [Fact]
    public void ParseRaw_KeepsEverything() => Assert.Equal("'$X' # c", EnvFile.ParseRaw("A='$X' # c\n#B=1")["A"]);

    [Fact]
    public void Parse_TooManyVariables_IsRefused() =>
        Assert.Throws<ComposeException>(() => EnvFile.Parse("f", string.Concat(Enumerable.Range(0, 20_000).Select(i => $"V{i}=1\n")), _ => null));
}
