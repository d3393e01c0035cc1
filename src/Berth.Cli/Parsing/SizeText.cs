using System.Globalization;
using Berth.Cli.CommandLine;

namespace Berth.Cli.Parsing;

/// <summary>Sizes as docker reads them: <c>512</c>, <c>64m</c>, <c>1.5GB</c>, <c>2GiB</c>; every unit is a power of 1024.</summary>
internal static class SizeText
{
    /// <summary>Bytes in <paramref name="text"/>.</summary>
    public static long Parse(string text, string flag)
    {
        var trimmed = text.Trim();
        var digits = 0;
        while (digits < trimmed.Length && (char.IsAsciiDigit(trimmed[digits]) || trimmed[digits] == '.'))
        {
            digits++;
        }
        var unit = trimmed[digits..].TrimStart().ToLowerInvariant();
        var shift = unit switch
        {
            "" or "b" => 0,
            "k" or "kb" or "kib" => 10,
            "m" or "mb" or "mib" => 20,
            "g" or "gb" or "gib" => 30,
            "t" or "tb" or "tib" => 40,
            "p" or "pb" or "pib" => 50,
            _ => -1,
        };
        if (shift < 0 || digits == 0
            || !decimal.TryParse(trimmed[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            || number > long.MaxValue / (decimal)(1L << shift))
        {
            throw new UsageException($"invalid size \"{text}\" for --{flag}: use a number with b, k, m, g or t behind it, as 512m");
        }
        return (long)(number * (1L << shift));
    }

    /// <summary>As <see cref="Parse"/>, and -1 for "no limit".</summary>
    public static long ParseOrUnlimited(string text, string flag) => text.Trim() == "-1" ? -1 : Parse(text, flag);
}
