using System.Globalization;
using Berth.Cli.CommandLine;

namespace Berth.Cli.Parsing;

/// <summary>Durations as Go writes them: <c>300ms</c>, <c>1.5s</c>, <c>1m30s</c>, <c>2h</c>.</summary>
internal static class DurationText
{
    /// <summary>Nanoseconds in <paramref name="text"/>, or null when it is no duration.</summary>
    public static long? TryParse(string text)
    {
        if (text == "0")
        {
            return 0;
        }
        var total = 0m;
        var at = 0;
        var negative = text.StartsWith('-');
        if (negative || text.StartsWith('+'))
        {
            at = 1;
        }
        if (at == text.Length)
        {
            return null;
        }
        while (at < text.Length)
        {
            var start = at;
            while (at < text.Length && (char.IsAsciiDigit(text[at]) || text[at] == '.'))
            {
                at++;
            }
            var unitStart = at;
            while (at < text.Length && !char.IsAsciiDigit(text[at]) && text[at] != '.')
            {
                at++;
            }
            if (start == unitStart || unitStart - start > 18
                || !decimal.TryParse(text[start..unitStart], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
                || Unit(text[unitStart..at]) is not { } unit)
            {
                return null;
            }
            total += number * unit;
            if (total > long.MaxValue)
            {
                return null;
            }
        }
        return negative ? -(long)total : (long)total;
    }

    /// <summary>Nanoseconds in <paramref name="text"/>.</summary>
    public static long Parse(string text, string flag) =>
        TryParse(text) ?? throw new UsageException($"invalid duration \"{text}\" for --{flag}: use a number with ms, s, m or h behind it, as 1m30s");

    private static long? Unit(string unit) => unit switch
    {
        "ns" => 1,
        "us" or "µs" or "μs" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ => null,
    };
}
