namespace Berth.Cli.Http;

/// <summary>Whole numbers without a sign, and without the culture that the framework's own way sets up first: that takes longer than a request.</summary>
internal static class Digits
{
    private const int Longest = 18;

    /// <summary>Decimal digits of a number that is not negative.</summary>
    public static string Text(int number)
    {
        Span<char> digits = stackalloc char[10];
        var at = digits.Length;
        do
        {
            digits[--at] = (char)('0' + (number % 10));
            number /= 10;
        }
        while (number > 0);
        return new string(digits[at..]);
    }

    /// <summary>Reads a number of up to 18 digits.</summary>
    public static bool TryParse(string text, out long number)
    {
        number = 0;
        foreach (var c in text)
        {
            if (!char.IsAsciiDigit(c))
            {
                return false;
            }
            number = (number * 10) + (c - '0');
        }
        return text.Length is > 0 and <= Longest;
    }

    /// <summary>Reads a hexadecimal number of up to 15 digits.</summary>
    public static bool TryParseHex(string text, out long number)
    {
        number = 0;
        foreach (var c in text)
        {
            if (!char.IsAsciiHexDigit(c))
            {
                return false;
            }
            number = (number << 4) + (char.IsAsciiDigit(c) ? c - '0' : (c | 0x20) - 'a' + 10);
        }
        return text.Length is > 0 and <= 15;
    }
}
