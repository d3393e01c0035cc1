using System.Buffers.Binary;
using System.Text;

namespace Berth.Boot.Kernels;

/// <summary>A compressed Linux kernel with boot protocol 2.12 or later and a 64-bit entry. Spec: [LINUX-BOOT].</summary>
public sealed class BzImage : KernelImage
{
    private const int SetupHeader = 0x1F1;
    private const ulong DefaultAlignment = 0x20_0000;

    private BzImage(ReadOnlyMemory<byte> file) : base(file)
    {
    }

    /// <inheritdoc/>
    public override string Format => "bzImage";

    /// <inheritdoc/>
    public override string? Version => ReadVersion();

    /// <inheritdoc/>
    public override int CommandLineLimit => (int)Math.Min(U32(0x238), int.MaxValue);

    /// <inheritdoc/>
    public override ulong InitrdMaximum => U32(0x22C);

    /// <summary>Boot protocol, 0x020C = 2.12.</summary>
    public int Protocol => U16(0x206);

    /// <summary>Where the protected-mode code is loaded; the 64-bit entry is 0x200 behind it.</summary>
    internal ulong LoadAddress => PreferredAddress;

    /// <summary>The protected-mode code.</summary>
    internal ReadOnlyMemory<byte> Code => File[SetupBytes..];

    /// <summary>The header from offset 0x1F1 that goes into the zero page.</summary>
    internal ReadOnlyMemory<byte> Header => File[SetupHeader..(0x202 + File.Span[0x201])];

    internal override (ulong Start, ulong End) Footprint => (LoadAddress, LoadAddress + Math.Max(U32(0x260), (ulong)Code.Length));

    private ulong PreferredAddress => BinaryPrimitives.ReadUInt64LittleEndian(File.Span[0x258..]);

    private int SetupBytes => ((File.Span[SetupHeader] == 0 ? 4 : File.Span[SetupHeader]) + 1) * 512;

    internal static BzImage ParseBzImage(ReadOnlyMemory<byte> file)
    {
        var image = new BzImage(file);
        image.Validate();
        return image;
    }

    private void Validate()
    {
        // Files of old protocols are longer than this too.
        if (File.Length < 0x302) throw Truncated(0x302);
        if (U16(0x1FE) != 0xAA55) throw Corrupt("the boot sector signature is missing");
        if (Protocol < 0x20C) throw new BootException(BootErrorCode.TooOld, $"kernel: boot protocol {Protocol >> 8}.{Protocol & 0xFF} is too old; 2.12 (Linux 3.8) or later is needed");
        if (File.Span[0x201] < 0x62) throw Corrupt("the setup header is too short for its protocol");
        long end = SetupBytes + U32(0x1F4) * 16L;
        if (U32(0x1F4) == 0) throw Corrupt("it holds no code");
        // The last 16-byte unit may be incomplete in files of older build tools.
        if (File.Length < end - 15) throw Truncated(end);
        if ((File.Span[0x211] & 1) == 0) throw new BootException(BootErrorCode.Unsupported, "kernel: a zImage that loads below 1 MiB; give a bzImage");
        if ((U16(0x236) & 1) == 0) throw new BootException(BootErrorCode.Unsupported, "kernel: it has no 64-bit entry (a 32-bit kernel?); give an x86-64 kernel");
        if (Code.Length < 0x400) throw Truncated(SetupBytes + 0x400);
        long payload = U32(0x248), length = U32(0x24C);
        if (payload + length > Code.Length) throw Corrupt("its compressed part lies outside the file");
        ulong alignment = U32(0x230) == 0 ? DefaultAlignment : U32(0x230);
        if (PreferredAddress < 0x10_0000 || PreferredAddress % alignment != 0 || PreferredAddress > 1UL << 32) throw Corrupt($"its load address {PreferredAddress:x} is impossible");
        if (CommandLineLimit < 255) throw Corrupt("its command line limit is below 255 characters");
        if (!KernelChecksum.Matches(File.Span, (int)Math.Min(end, File.Length), Version)) throw Corrupt("its checksum does not match");
    }

    private string? ReadVersion()
    {
        int offset = U16(0x20E) + 0x200;
        if (offset == 0x200 || offset >= Math.Min(File.Length, SetupBytes)) return null;
        ReadOnlySpan<byte> text = File.Span[offset..Math.Min(File.Length, offset + 256)];
        int end = text.IndexOfAny((byte)0, (byte)' ');
        return end <= 0 ? null : Encoding.ASCII.GetString(text[..end]);
    }

    private ushort U16(int offset) => BinaryPrimitives.ReadUInt16LittleEndian(File.Span[offset..]);

    private uint U32(int offset) => BinaryPrimitives.ReadUInt32LittleEndian(File.Span[offset..]);

    private static BootException Corrupt(string why) => new(BootErrorCode.Corrupt, $"kernel: the bzImage is damaged: {why}");

    private BootException Truncated(long wanted) =>
        new(BootErrorCode.Truncated, $"kernel: the bzImage is cut short: {File.Length} of at least {wanted} bytes");
}
