using System.Globalization;

namespace Berth.Cli.Output;

/// <summary>Durations in words, docker's words: <c>About an hour</c>, <c>5 minutes</c>.</summary>
internal static class AgoText
{
    /// <summary>A duration.</summary>
    public static string Words(TimeSpan span)
    {
        var seconds = (long)span.TotalSeconds;
        var minutes = (long)span.TotalMinutes;
        var hours = (long)Math.Round(span.TotalHours, MidpointRounding.AwayFromZero);
        return seconds switch
        {
            < 1 => "Less than a second",
            1 => "1 second",
            < 60 => Count(seconds, "seconds"),
            _ when minutes == 1 => "About a minute",
            _ when minutes < 60 => Count(minutes, "minutes"),
            _ when hours == 1 => "About an hour",
            _ when hours < 48 => Count(hours, "hours"),
            _ when hours < 24 * 7 * 2 => Count(hours / 24, "days"),
            _ when hours < 24 * 30 * 2 => Count(hours / 24 / 7, "weeks"),
            _ when hours < 24 * 365 * 2 => Count(hours / 24 / 30, "months"),
            _ => Count((long)span.TotalDays / 365, "years"),
        };
    }

    /// <summary>Time since Unix seconds: <c>5 minutes ago</c>; <c>N/A</c> for no time.</summary>
    public static string Since(long unixSeconds, DateTimeOffset now) =>
        unixSeconds <= 0 ? "N/A" : Words(now - DateTimeOffset.FromUnixTimeSeconds(unixSeconds)) + " ago";

    private static string Count(long number, string unit) => number.ToString(CultureInfo.InvariantCulture) + " " + unit;
}
