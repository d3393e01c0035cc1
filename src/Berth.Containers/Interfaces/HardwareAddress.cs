using System.Globalization;

namespace Berth.Containers.Interfaces;

/// <summary>Hardware addresses of network interfaces.</summary>
public static class HardwareAddress
{
    /// <summary>Six bytes from <c>02:42:ac:11:00:02</c>.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static byte[] Parse(string text) => text.Split(':') is { Length: 6 } parts && parts.All(static p => p.Length is 1 or 2)
        ? [.. parts.Select(static p => byte.Parse(p, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture))]
        : throw new FormatException($"{text} is not a hardware address");
}
