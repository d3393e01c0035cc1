using Berth.Machine;

namespace Berth.Boot.Kernels;

/// <summary>The initial RAM disk: recognised, then placed as high as the kernel can reach it.</summary>
internal static class Initrd
{
    // cpio, then the compressions that Linux knows: gzip, bzip2, LZMA, xz, LZO, LZ4, zstd
    private static readonly byte[][] s_magics =
    [
        "070701"u8.ToArray(), "070702"u8.ToArray(), [0x1F, 0x8B], "BZh"u8.ToArray(), [0x5D, 0, 0], [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0],
        [0x89, 0x4C, 0x5A, 0x4F], [0x02, 0x21, 0x4C, 0x18], [0x28, 0xB5, 0x2F, 0xFD],
    ];

    /// <summary>Smallest archive there is: one cpio trailer, compressed well.</summary>
    private const int MinSize = 32;

    /// <summary>Checks that the bytes begin like an archive.</summary>
    public static void Validate(ReadOnlySpan<byte> initrd)
    {
        if (initrd.IsEmpty) return;
        if (initrd.Length < MinSize) throw new BootException(BootErrorCode.BadInitrd, $"initrd: a file of {initrd.Length} bytes is no archive; give a cpio archive, compressed or not");
        foreach (byte[] magic in s_magics)
        {
            if (initrd.StartsWith(magic)) return;
        }
        throw new BootException(BootErrorCode.BadInitrd, "initrd: neither a cpio archive nor one compressed by gzip, bzip2, LZMA, xz, LZO, LZ4 or zstd");
    }

    /// <summary>Page-aligned address as high as kernel and memory allow.</summary>
    public static ulong Place(int length, KernelImage kernel, GuestMemory memory)
    {
        if (length == 0) return 0;
        ulong top = Math.Min(memory.Regions[0].End, kernel.InitrdMaximum + 1);
        ulong end = kernel.Footprint.End;
        if (top < end || top - end < (ulong)length + 4096)
        {
            ulong needed = (end + (ulong)length + (1 << 20) + 4096) >> 20;
            throw new BootException(BootErrorCode.MemoryTooSmall,
                $"initrd: {length >> 10} KiB do not fit beside the kernel into {memory.Size >> 20} MiB of memory; give the machine at least {needed} MiB");
        }
        return (top - (ulong)length) & ~0xFFFUL;
    }
}
