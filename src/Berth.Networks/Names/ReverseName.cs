using System.Globalization;
using System.Net;

namespace Berth.Networks.Names;

/// <summary>Names that stand for addresses. [RFC 1035] 3.5, [RFC 3596] 2.5.</summary>
internal static class ReverseName
{
    private const string IPv4 = ".in-addr.arpa", IPv6 = ".ip6.arpa";

    /// <summary>The address that a lower-case name stands for; null when it stands for none.</summary>
    public static IPAddress? TryParse(string name)
    {
        if (name.EndsWith(IPv4, StringComparison.Ordinal))
        {
            string[] parts = name[..^IPv4.Length].Split('.');
            byte[] bytes = new byte[4];
            for (int i = 0; i < 4; i++)
            {
                if (parts.Length != 4 || parts[i].Length > 3 || !byte.TryParse(parts[i], NumberStyles.None, CultureInfo.InvariantCulture, out bytes[3 - i]))
                    return null;
            }
            return new IPAddress(bytes);
        }
        if (name.EndsWith(IPv6, StringComparison.Ordinal) && name.Length == 63 + IPv6.Length)
        {
            byte[] bytes = new byte[16];
            for (int i = 0; i < 32; i++)
            {
                char digit = name[i * 2];
                if (!char.IsAsciiHexDigit(digit) || (i < 31 && name[i * 2 + 1] != '.'))
                    return null;
                int at = 31 - i;
                bytes[at / 2] |= (byte)(Convert.ToByte(digit.ToString(), 16) << (at % 2 == 0 ? 4 : 0));
            }
            return new IPAddress(bytes);
        }
        return null;
    }
}
