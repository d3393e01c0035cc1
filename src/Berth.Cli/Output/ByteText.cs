using System.Globalization;

namespace Berth.Cli.Output;

/// <summary>Sizes for people: decimal units with up to four digits (docker's images and ps) or binary units (docker's stats).</summary>
internal static class ByteText
{
    private static readonly string[] s_decimal = ["B", "kB", "MB", "GB", "TB", "PB"];
    private static readonly string[] s_binary = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

    /// <summary><c>4.26MB</c>.</summary>
    public static string Decimal(long bytes, int digits = 4) => Format(bytes, 1000, s_decimal, digits);

    /// <summary><c>3.906MiB</c>.</summary>
    public static string Binary(long bytes) => Format(bytes, 1024, s_binary, 4);

    private static string Format(long bytes, double step, string[] units, int digits)
    {
        double value = bytes;
        var unit = 0;
        while (value >= step && unit < units.Length - 1)
        {
            value /= step;
            unit++;
        }
        return value.ToString($"G{digits}", CultureInfo.InvariantCulture) + units[unit];
    }
}
