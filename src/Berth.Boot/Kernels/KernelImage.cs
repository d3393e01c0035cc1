using System.Buffers.Binary;

namespace Berth.Boot.Kernels;

/// <summary>A kernel file, validated as a whole before anything is loaded.</summary>
public abstract class KernelImage
{
    /// <summary>Largest kernel file taken, in bytes.</summary>
    public const int MaxSize = 512 << 20;

    private protected KernelImage(ReadOnlyMemory<byte> file) => File = file;

    /// <summary>The whole file.</summary>
    public ReadOnlyMemory<byte> File { get; }

    /// <summary>"bzImage", "elf" or "pvh".</summary>
    public abstract string Format { get; }

    /// <summary>The version the kernel states, if it does.</summary>
    public virtual string? Version => null;

    /// <summary>Most characters of a command line.</summary>
    public virtual int CommandLineLimit => 2047;

    /// <summary>Highest guest-physical address an initrd may reach, inclusive.</summary>
    public virtual ulong InitrdMaximum => 0x7FFF_FFFF;

    /// <summary>Guest-physical range that the kernel occupies until it manages memory itself.</summary>
    internal abstract (ulong Start, ulong End) Footprint { get; }

    /// <summary>Recognises and validates a kernel.</summary>
    /// <exception cref="BootException">No kernel, a damaged one, or one that this machine cannot start.</exception>
    public static KernelImage Parse(ReadOnlyMemory<byte> file)
    {
        ReadOnlySpan<byte> bytes = file.Span;
        if (bytes.Length > MaxSize) throw new BootException(BootErrorCode.NotAKernel, $"kernel: {bytes.Length} bytes are more than a kernel has (at most {MaxSize})");
        if (bytes.Length >= 4 && BinaryPrimitives.ReadUInt32BigEndian(bytes) == 0x7F45_4C46) return ElfImage.ParseElf(file);
        if (bytes.Length >= 0x206 && bytes.Slice(0x202, 4).SequenceEqual("HdrS"u8)) return BzImage.ParseBzImage(file);
        if (bytes.Length < 0x400) throw new BootException(BootErrorCode.NotAKernel, $"kernel: a file of {bytes.Length} bytes is no kernel; give a bzImage (vmlinuz) or an ELF vmlinux");
        throw new BootException(BootErrorCode.NotAKernel, "kernel: neither a bzImage (vmlinuz) nor an ELF vmlinux");
    }
}
