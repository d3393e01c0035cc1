using System.Globalization;

namespace Berth.Cli.Output;

/// <summary>Points in time as docker prints them, in the time zone of whoever reads.</summary>
internal static class TimeText
{
    /// <summary>Of a list: <c>2026-05-07 16:33:45 +0200 CEST</c>, without the zone's name, which .NET does not know.</summary>
    public static string Created(long unixSeconds)
    {
        var time = DateTimeOffset.FromUnixTimeSeconds(unixSeconds).ToLocalTime();
        return time.ToString("yyyy-MM-dd HH:mm:ss ", CultureInfo.InvariantCulture)
            + (time.Offset == TimeSpan.Zero ? "+0000 UTC" : time.ToString("zzz", CultureInfo.InvariantCulture).Replace(":", "", StringComparison.Ordinal));
    }

    /// <summary>Of an event, with nanoseconds: <c>2026-05-07T16:33:45.123456789Z</c>. [RFC3339]</summary>
    public static string Precise(long unixNanoseconds)
    {
        var time = DateTimeOffset.UnixEpoch.AddTicks(unixNanoseconds / 100).ToLocalTime();
        return string.Create(CultureInfo.InvariantCulture, $"{time:yyyy-MM-ddTHH:mm:ss.fffffff}{unixNanoseconds % 100:00}{(time.Offset == TimeSpan.Zero ? "Z" : time.ToString("zzz", CultureInfo.InvariantCulture))}");
    }
}
