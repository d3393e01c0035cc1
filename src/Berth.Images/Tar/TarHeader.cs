using System.Text;

namespace Berth.Images.Tar;

/// <summary>Fields of the 512-byte block in front of each entry. [PAX] "ustar Interchange Format", [GNU-TAR] "Basic Tar Format".</summary>
internal static class TarHeader
{
    public const int BlockSize = 512;

    // Offset and length of each field.
    public static readonly Range Name = 0..100, Mode = 100..108, Uid = 108..116, Gid = 116..124, Size = 124..136, Time = 136..148,
        Checksum = 148..156, LinkName = 157..257, Magic = 257..265, UserName = 265..297, GroupName = 297..329,
        DeviceMajor = 329..337, DeviceMinor = 337..345, Prefix = 345..500,
        GnuSparse = 386..482, GnuRealSize = 483..495;

    public const int TypeFlag = 156, GnuIsExtended = 482;

    public static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    public static bool IsZero(ReadOnlySpan<byte> block) => block.IndexOfAnyExcept((byte)0) < 0;

    /// <summary>Whether the stored sum is the sum of the bytes, taken as unsigned, or as signed by some old writers.</summary>
    public static bool ChecksumHolds(ReadOnlySpan<byte> block)
    {
        if (!TryReadNumber(block[Checksum], out long stored))
        {
            return false;
        }
        (long unsigned, long signed) = Sums(block);
        return stored == unsigned || stored == signed;
    }

    public static (long Unsigned, long Signed) Sums(ReadOnlySpan<byte> block)
    {
        long unsigned = 0, signed = 0;
        for (int i = 0; i < BlockSize; i++)
        {
            byte value = i is >= 148 and < 156 ? (byte)' ' : block[i];
            unsigned += value;
            signed += (sbyte)value;
        }
        return (unsigned, signed);
    }

    public static bool IsPosix(ReadOnlySpan<byte> block) => block[Magic][..6].SequenceEqual("ustar\0"u8);

    /// <summary>Reads octal digits, or base 256 when the first bit is set ([GNU-TAR] "Extensions": sizes of 8 GiB and more).</summary>
    public static bool TryReadNumber(ReadOnlySpan<byte> field, out long value)
    {
        value = 0;
        if ((field[0] & 0x80) != 0)
        {
            bool negative = (field[0] & 0x40) != 0;
            value = negative ? -1 : 0;
            for (int i = 0; i < field.Length; i++)
            {
                byte digit = i == 0 ? (byte)(negative ? field[0] | 0x80 : field[0] & 0x7F) : field[i];
                if (value is > long.MaxValue >> 8 or < long.MinValue >> 8)
                {
                    return false;
                }
                value = (value << 8) | digit;
            }
            return true;
        }
        ReadOnlySpan<byte> digits = field.Trim(" \0"u8);
        int end = digits.IndexOfAny((byte)' ', (byte)0);
        digits = end < 0 ? digits : digits[..end];
        foreach (byte digit in digits)
        {
            if (digit is < (byte)'0' or > (byte)'7')
            {
                return false;
            }
            value = (value << 3) | (uint)(digit - '0');
        }
        return true;
    }

    /// <summary>The bytes before the first NUL.</summary>
    public static ReadOnlySpan<byte> Text(ReadOnlySpan<byte> field)
    {
        int end = field.IndexOf((byte)0);
        return end < 0 ? field : field[..end];
    }
}
