using System.Buffers.Binary;

namespace Berth.Boot.Kernels;

/// <summary>The CRC-32 that build tools append to a bzImage: over the file up to syssize the remainder is zero. Spec: [LINUX-BOOT] "The Image Checksum".</summary>
internal static class KernelChecksum
{
    // The build tool, and with it the checksum, went in Linux 6.15.
    private static readonly Version s_lastWith = new(6, 14);

    private static readonly uint[] s_table = MakeTable();

    /// <summary>True where the checksum is right, or where the kernel has none.</summary>
    public static bool Matches(ReadOnlySpan<byte> file, int length, string? version)
    {
        string[] parts = version?.Split('.') ?? [];
        if (parts.Length < 2 || !int.TryParse(parts[0], out int major) || !int.TryParse(string.Concat(parts[1].TakeWhile(char.IsAsciiDigit)), out int minor)) return true;
        return new Version(major, minor) > s_lastWith || Remainder(file, length) == 0;
    }

    /// <summary>The remainder, with the fields that signing for secure boot fills in counted as the zeros they were.</summary>
    private static uint Remainder(ReadOnlySpan<byte> file, int length)
    {
        (int checksum, int certificates) = SignedFields(file);
        uint remainder = uint.MaxValue;
        for (int i = 0; i < length; i++)
        {
            bool zero = (uint)(i - checksum) < 4 || (uint)(i - certificates) < 8;
            remainder = s_table[(byte)(remainder ^ (zero ? 0u : file[i]))] ^ (remainder >> 8);
        }
        return remainder;
    }

    // PE optional header: CheckSum at 64, the certificate table is data directory 4, at 112 + 4 * 8 for PE32+.
    private static (int Checksum, int Certificates) SignedFields(ReadOnlySpan<byte> file)
    {
        int pe = BinaryPrimitives.ReadInt32LittleEndian(file[0x3C..]);
        if (!file.StartsWith("MZ"u8) || pe < 0x40 || pe > 0x400 || !file[pe..].StartsWith("PE\0\0"u8)) return (-8, -8);
        return (pe + 24 + 64, pe + 24 + 112 + 32);
    }

    private static uint[] MakeTable()
    {
        var table = new uint[256];
        for (uint i = 0; i < 256; i++)
        {
            uint value = i;
            for (int bit = 0; bit < 8; bit++) value = (value & 1) != 0 ? value >> 1 ^ 0xEDB8_8320 : value >> 1;
            table[i] = value;
        }
        return table;
    }
}
