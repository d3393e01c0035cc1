using System.Globalization;

namespace Berth.Images.Tar;

/// <summary>A point in time as the kernel keeps it: seconds since 1970 and nanoseconds (0 to 999,999,999) after them.</summary>
public readonly record struct TarTime(long Seconds, int Nanoseconds = 0)
{
    /// <summary>The same point, rounded down to .NET's 100 ns.</summary>
    public DateTimeOffset ToDateTimeOffset() =>
        DateTimeOffset.UnixEpoch.AddTicks((Math.Clamp(Seconds, -60_000_000_000, 250_000_000_000) * TimeSpan.TicksPerSecond) + (Nanoseconds / 100));

    internal static TarTime From(DateTimeOffset time)
    {
        long ticks = (time - DateTimeOffset.UnixEpoch).Ticks;
        long seconds = Math.DivRem(ticks, TimeSpan.TicksPerSecond, out long rest);
        return rest < 0 ? new TarTime(seconds - 1, (int)((rest + TimeSpan.TicksPerSecond) * 100)) : new TarTime(seconds, (int)(rest * 100));
    }

    /// <summary>Reads a PAX time, <c>[-]seconds[.fraction]</c>; digits after the ninth are cut.</summary>
    internal static bool TryParse(ReadOnlySpan<char> text, out TarTime time)
    {
        time = default;
        int dot = text.IndexOf('.');
        ReadOnlySpan<char> whole = dot < 0 ? text : text[..dot], fraction = dot < 0 ? "" : text[(dot + 1)..];
        if (!long.TryParse(whole, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long seconds)
            || fraction.IndexOfAnyExceptInRange('0', '9') >= 0 || seconds is < -(1L << 40) or > 1L << 40)
        {
            return false;
        }
        int nanoseconds = 0;
        for (int i = 0; i < 9; i++)
        {
            nanoseconds = (nanoseconds * 10) + (i < fraction.Length ? fraction[i] - '0' : 0);
        }
        time = whole.StartsWith("-") && nanoseconds != 0
            ? new TarTime(seconds - 1, 1_000_000_000 - nanoseconds)
            : new TarTime(seconds, nanoseconds);
        return true;
    }

    /// <summary>The PAX form; whole seconds have no point.</summary>
    internal string ToPax()
    {
        if (Nanoseconds == 0)
        {
            return Seconds.ToString(CultureInfo.InvariantCulture);
        }
        (long seconds, int nanoseconds, string sign) = Seconds < 0 ? (-(Seconds + 1), 1_000_000_000 - Nanoseconds, "-") : (Seconds, Nanoseconds, "");
        return $"{sign}{seconds}.{nanoseconds:d9}".TrimEnd('0');
    }
}
