using System.Buffers.Binary;

namespace Berth.Boot.Kernels;

/// <summary>An uncompressed x86-64 kernel (vmlinux); entered by PVH where it carries that note, else by the 64-bit Linux protocol. Spec: [ELF], [PVH].</summary>
public sealed class ElfImage : KernelImage
{
    private const int LoadType = 1;
    private const int NoteType = 4;
    private const uint PvhNote = 18;
    private const ulong HighestAddress = 0xC000_0000;

    private readonly List<Segment> _segments = [];

    private ElfImage(ReadOnlyMemory<byte> file) : base(file)
    {
    }

    internal readonly record struct Segment(int FileOffset, int FileLength, ulong Address, ulong Length);

    /// <inheritdoc/>
    public override string Format => PvhEntry == null ? "elf" : "pvh";

    /// <summary>Physical address of the 32-bit PVH entry.</summary>
    public uint? PvhEntry { get; private set; }

    /// <summary>Physical address of the 64-bit entry.</summary>
    internal ulong Entry { get; private set; }

    internal IReadOnlyList<Segment> Segments => _segments;

    internal override (ulong Start, ulong End) Footprint => (_segments.Min(s => s.Address), _segments.Max(s => s.Address + s.Length));

    internal static ElfImage ParseElf(ReadOnlyMemory<byte> file)
    {
        var image = new ElfImage(file);
        image.ReadHeaders();
        return image;
    }

    private void ReadHeaders()
    {
        ReadOnlySpan<byte> bytes = File.Span;
        if (bytes.Length < 64) throw Truncated("its header");
        if (bytes[4] != 2 || bytes[5] != 1 || U16(18) != 62) throw new BootException(BootErrorCode.Unsupported, "kernel: the ELF file is not for x86-64");
        if (U16(16) is not (2 or 3)) throw new BootException(BootErrorCode.NotAKernel, "kernel: the ELF file is no executable (an object file or a core dump?)");
        ulong table = U64(32);
        int size = U16(54), count = U16(56);
        if (size != 56 || count is 0 or > 128) throw Corrupt("its program header table is malformed");
        if (table > (ulong)bytes.Length || (ulong)(size * count) > (ulong)bytes.Length - table) throw Truncated("its program headers");
        for (int i = 0; i < count; i++) ReadSegment((int)table + i * size);
        if (_segments.Count == 0) throw new BootException(BootErrorCode.NotAKernel, "kernel: the ELF file has nothing to load");
        Entry = U64(24);
        if (PvhEntry is { } entry ? !Holds(entry) : !Holds(Entry))
            throw new BootException(BootErrorCode.NotAKernel, "kernel: the ELF file's entry is outside what it loads (a program for Linux, not a kernel?)");
    }

    private void ReadSegment(int header)
    {
        int type = (int)U32(header);
        if (type is not (LoadType or NoteType)) return;
        ulong offset = U64(header + 8), address = U64(header + 24), inFile = U64(header + 32), inMemory = U64(header + 40);
        if (offset > (ulong)File.Length || inFile > (ulong)File.Length - offset) throw Truncated("a segment");
        if (type == NoteType)
        {
            FindPvhEntry(File.Span.Slice((int)offset, (int)inFile));
            return;
        }
        if (inMemory == 0) return;
        if (inFile > inMemory) throw Corrupt("a segment is larger in the file than in memory");
        if (address < 0x10_0000 || address >= HighestAddress || inMemory > HighestAddress - address)
            throw new BootException(BootErrorCode.NotAKernel, $"kernel: the ELF file wants physical address {address:x} (a program for Linux, not a kernel?)");
        if (_segments.Any(s => address < s.Address + s.Length && s.Address < address + inMemory)) throw Corrupt("its segments overlap");
        _segments.Add(new((int)offset, (int)inFile, address, inMemory));
    }

    private void FindPvhEntry(ReadOnlySpan<byte> notes)
    {
        while (notes.Length >= 12)
        {
            uint name = BinaryPrimitives.ReadUInt32LittleEndian(notes), descriptor = BinaryPrimitives.ReadUInt32LittleEndian(notes[4..]);
            uint type = BinaryPrimitives.ReadUInt32LittleEndian(notes[8..]);
            long descriptorAt = 12 + ((name + 3L) & ~3L), end = descriptorAt + ((descriptor + 3L) & ~3L);
            if (descriptorAt + descriptor > notes.Length) throw Corrupt("a note runs past its segment");
            if (type == PvhNote && descriptor >= 4 && notes.Slice(12, (int)name).SequenceEqual("Xen\0"u8))
                PvhEntry = BinaryPrimitives.ReadUInt32LittleEndian(notes[(int)descriptorAt..]);
            if (end >= notes.Length) return;
            notes = notes[(int)end..];
        }
    }

    private bool Holds(ulong address) => _segments.Any(s => address >= s.Address && address - s.Address < s.Length);

    private ushort U16(int offset) => BinaryPrimitives.ReadUInt16LittleEndian(File.Span[offset..]);

    private uint U32(int offset) => BinaryPrimitives.ReadUInt32LittleEndian(File.Span[offset..]);

    private ulong U64(int offset) => BinaryPrimitives.ReadUInt64LittleEndian(File.Span[offset..]);

    private static BootException Corrupt(string why) => new(BootErrorCode.Corrupt, $"kernel: the ELF file is damaged: {why}");

    private BootException Truncated(string what) => new(BootErrorCode.Truncated, $"kernel: the ELF file is cut short: {File.Length} bytes do not hold {what}");
}
