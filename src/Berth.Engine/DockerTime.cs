using System.Globalization;

namespace Berth.Engine;

/// <summary>Times as the Docker API writes and reads them.</summary>
public static class DockerTime
{
    /// <summary>Go's zero time, which stands for "never".</summary>
    public const string Never = "0001-01-01T00:00:00Z";

    /// <summary>RFC 3339 with as many fractional digits as needed; null = <see cref="Never"/>.</summary>
    public static string Format(DateTimeOffset? time) =>
        time is { } t && t != default ? t.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture) : Never;

    /// <summary>Unix nanoseconds.</summary>
    public static long UnixNanoseconds(DateTimeOffset time) => (time - DateTimeOffset.UnixEpoch).Ticks * 100;

    /// <summary>
    /// Reads a point in time: Unix seconds with an optional fraction, RFC 3339, or (relative to <paramref name="now"/>) a Go duration
    /// such as <c>10m</c>. Anything else is an InvalidParameter that names <paramref name="field"/>.
    /// </summary>
    public static DateTimeOffset? Parse(string? text, string field, DateTimeOffset now)
    {
        if (string.IsNullOrEmpty(text))
            return null;
        if (decimal.TryParse(text, NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out decimal seconds))
        {
            return seconds is > -62135596800m and < 253402300800m
                ? DateTimeOffset.UnixEpoch.AddTicks((long)(seconds * TimeSpan.TicksPerSecond))
                : throw EngineException.Invalid($"{field}: {text} is out of range");
        }
        if (DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time))
            return time;
        return ParseDuration(text) is { } duration
            ? now - duration
            : throw EngineException.Invalid($"{field}: \"{text}\" is neither Unix seconds, an RFC 3339 time nor a duration such as 10m");
    }

    /// <summary>A Go duration such as <c>1h30m</c>; null when it is not one.</summary>
    public static TimeSpan? ParseDuration(string text)
    {
        double total = 0;
        int i = 0;
        while (i < text.Length)
        {
            int start = i;
            while (i < text.Length && (char.IsAsciiDigit(text[i]) || text[i] == '.'))
                i++;
            if (!double.TryParse(text.AsSpan(start, i - start), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number))
                return null;
            int unit = i;
            while (i < text.Length && char.IsAsciiLetter(text[i]))
                i++;
            double scale = text[unit..i] switch { "ns" => 1e-9, "us" => 1e-6, "ms" => 1e-3, "s" => 1, "m" => 60, "h" => 3600, _ => double.NaN };
            if (double.IsNaN(scale))
                return null;
            total += number * scale;
        }
        return text.Length > 0 && total < 1e10 ? TimeSpan.FromSeconds(total) : null;
    }
}
