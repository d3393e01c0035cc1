using Berth.Cli.CommandLine;

namespace Berth.Cli.Output;

public sealed class OutputTests
{
    [Fact]
    public void Table_Columns_AreAlignedAndTrimmed()
    {
        StringWriter output = new() { NewLine = "\n" };
        Table.Write(output, [["NAME", "X"], ["a", ""], ["長い", "1"], ["b\e[31m", "2"]]);
        Assert.Equal("NAME     X\na\n長い     1\nb [31m   2\n", output.ToString());
    }

    [Theory]
    [InlineData(0, "0B")]
    [InlineData(999, "999B")]
    [InlineData(4261550, "4.262MB")]
    [InlineData(1000000000, "1GB")]
    public void ByteText_Decimal_LooksLikeDocker(long bytes, string expected) => Assert.Equal(expected, ByteText.Decimal(bytes));

    [Fact]
    public void ByteText_Binary_LooksLikeDocker() => Assert.Equal("3.906MiB", ByteText.Binary(4096000));

    [Theory]
    [InlineData(0, "Less than a second")]
    [InlineData(59, "59 seconds")]
    [InlineData(60, "About a minute")]
    [InlineData(3600, "About an hour")]
    [InlineData(7200, "2 hours")]
    [InlineData(86400 * 3, "3 days")]
    [InlineData(86400 * 21, "3 weeks")]
    public void AgoText_Words_AreDockers(int seconds, string expected) => Assert.Equal(expected, AgoText.Words(TimeSpan.FromSeconds(seconds)));

    [Fact]
    public void Filters_RepeatedNames_AreGrouped() =>
        Assert.Equal("""{"label":{"a=b":true,"c":true},"name":{"x":true}}""", Filters.ToJson(["label=a=b", "label=c", "name=x"]));

    [Fact]
    public void Filters_WithoutValue_IsRefused() => Assert.Throws<UsageException>(() => Filters.ToJson(["name"]));
}
