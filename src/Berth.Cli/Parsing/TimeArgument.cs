using System.Globalization;

namespace Berth.Cli.Parsing;

/// <summary>Points in time on the command line: <c>10m</c> (ago), Unix seconds, or a date; sent to the daemon as Unix seconds.</summary>
internal static class TimeArgument
{
    /// <summary>Unix seconds with nanoseconds behind a point, as the API wants them.</summary>
    public static string? ToUnix(string? text, DateTimeOffset now)
    {
        if (string.IsNullOrEmpty(text))
        {
            return null;
        }
        if (decimal.TryParse(text, NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _))
        {
            return text;
        }
        if (DurationText.TryParse(text) is { } nanoseconds)
        {
            return Format(now.AddTicks(-nanoseconds / 100));
        }
        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeLocal, out var time)
            ? Format(time)
            : throw new CommandLine.UsageException($"invalid time \"{text}\": use a duration as 10m, Unix seconds, or a date as 2026-01-31T12:00:00Z");
    }

    private static string Format(DateTimeOffset time)
    {
        var ticks = time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks;
        return string.Create(CultureInfo.InvariantCulture, $"{ticks / TimeSpan.TicksPerSecond}.{ticks % TimeSpan.TicksPerSecond * 100:D9}");
    }
}
