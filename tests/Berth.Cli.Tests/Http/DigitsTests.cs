namespace Berth.Cli.Http;

public sealed class DigitsTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    [InlineData(1024)]
    [InlineData(int.MaxValue)]
    public void Text_Number_IsReadBack(int number)
    {
        Assert.Equal(number.ToString(System.Globalization.CultureInfo.InvariantCulture), Digits.Text(number));
        Assert.True(Digits.TryParse(Digits.Text(number), out var again));
        Assert.Equal(number, again);
    }

    [Theory]
    [InlineData("")]
    [InlineData("-1")]
    [InlineData("+1")]
    [InlineData(" 1")]
    [InlineData("1a")]
    [InlineData("1000000000000000000")]
    public void TryParse_AnythingElse_IsRefused(string text) => Assert.False(Digits.TryParse(text, out _));

    [Theory]
    [InlineData("0", 0)]
    [InlineData("1aF", 0x1af)]
    [InlineData("fffffffffffffff", 0xfffffffffffffff)]
    public void TryParseHex_Digits_AreRead(string text, long expected)
    {
        Assert.True(Digits.TryParseHex(text, out var number));
        Assert.Equal(expected, number);
    }

    [Theory]
    [InlineData("")]
    [InlineData("-1")]
    [InlineData("0x1")]
    [InlineData("g")]
    [InlineData("1000000000000000")]
    public void TryParseHex_AnythingElse_IsRefused(string text) => Assert.False(Digits.TryParseHex(text, out _));
}
