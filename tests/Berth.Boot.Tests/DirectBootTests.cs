using System.Buffers.Binary;
using Berth.Boot.Kernels;
using Berth.Boot.Layout;
using Berth.Boot.Tests.Kernels;
using Berth.Machine;
using Berth.X86;

namespace Berth.Boot.Tests;

public class DirectBootTests
{
    private static readonly byte[] s_initrd = [0x1F, 0x8B, .. new byte[5000]];

    [Fact]
    public void Load_BzImage_EntersLongModeAtZeroPage()
    {
        using var memory = new GuestMemory(64 << 20);
        CpuRegisters registers = DirectBoot.Load(memory, new() { Kernel = KernelImage.Parse(FakeKernel.BzImage()), Initrd = s_initrd, CommandLine = "console=ttyS0" });
        Assert.Equal(0x100_0200UL, registers.Rip);
        Assert.Equal(0xF4, memory.Span(registers.Rip, 1)[0]);
        Assert.NotEqual(0UL, registers.Efer & Efer.LongModeActive);
        Assert.Equal(0x10, registers.Segments[(int)SegmentName.Cs].Selector);
        Assert.True(registers.Segments[(int)SegmentName.Cs].Attributes.HasFlag(SegmentAttributes.Long));
        Span<byte> page = memory.Span(registers.General[(int)GeneralRegister.Rsi], 4096);
        Assert.Equal(0xFF, page[0x210]);
        uint initrd = BinaryPrimitives.ReadUInt32LittleEndian(page[0x218..]);
        Assert.Equal(0u, initrd % 4096);
        Assert.Equal(0x1F, memory.Span(initrd, 1)[0]);
        Assert.Equal((uint)s_initrd.Length, BinaryPrimitives.ReadUInt32LittleEndian(page[0x21C..]));
        Assert.True(memory.Span(BinaryPrimitives.ReadUInt32LittleEndian(page[0x228..]), 20).StartsWith("console=ttyS0\0"u8));
        Assert.True(memory.Span(BinaryPrimitives.ReadUInt64LittleEndian(page[0x70..]), 8).SequenceEqual("RSD PTR "u8));
        Assert.Equal(5, page[0x1E8]);
    }

    [Fact]
    public void Load_Linux64_MapsFirstFourGigabytesIdentically()
    {
        using var memory = new GuestMemory(64 << 20);
        CpuRegisters registers = DirectBoot.Load(memory, new() { Kernel = KernelImage.Parse(FakeKernel.BzImage()) });
        foreach (ulong address in (ulong[])[0, 0x100_0000, 0xFEE0_0000, 0xFFFF_F000])
        {
            ulong entry = registers.Cr3;
            for (int shift = 39; shift >= 21; shift -= 9)
                entry = BinaryPrimitives.ReadUInt64LittleEndian(memory.Span((entry & PageEntry.AddressMask) + (address >> shift & 511) * 8, 8));
            Assert.Equal(address & ~0x1F_FFFFUL, entry & PageEntry.AddressMask);
            Assert.NotEqual(0UL, entry & PageEntry.Large);
        }
    }

    [Fact]
    public void Load_Pvh_EntersProtectedModeWithStartInfo()
    {
        using var memory = new GuestMemory(64 << 20);
        CpuRegisters registers = DirectBoot.Load(memory, new() { Kernel = KernelImage.Parse(FakeKernel.Elf(pvh: true)), Initrd = s_initrd });
        Assert.Equal(0x100_0020UL, registers.Rip);
        Assert.Equal(Cr0.ProtectionEnable | Cr0.ExtensionType, registers.Cr0);
        Assert.Equal(0UL, registers.Cr4 | registers.Efer);
        Assert.Equal(0x67u, registers.TaskRegister.Limit);
        Span<byte> info = memory.Span(registers.General[(int)GeneralRegister.Rbx], 56);
        Assert.Equal(0x336E_C578u, BinaryPrimitives.ReadUInt32LittleEndian(info));
        Assert.Equal(1u, BinaryPrimitives.ReadUInt32LittleEndian(info[12..]));
        Span<byte> module = memory.Span(BinaryPrimitives.ReadUInt64LittleEndian(info[16..]), 32);
        Assert.Equal(0x1F, memory.Span(BinaryPrimitives.ReadUInt64LittleEndian(module), 1)[0]);
    }

    [Fact]
    public void Load_ThreeByteInitrd_Refused() =>
        Assert.Equal(BootErrorCode.BadInitrd, Refusal(64, new byte[3], "").Code);

    [Fact]
    public void Load_InitrdOfZeros_Refused() =>
        Assert.Equal(BootErrorCode.BadInitrd, Refusal(64, new byte[3000], "").Code);

    [Fact]
    public void Load_OneMegabyte_Refused() =>
        Assert.Contains("at least 18 MiB", Refusal(1, [], "").Message, StringComparison.Ordinal);

    [Fact]
    public void Load_InitrdLargerThanMemory_Refused() =>
        Assert.Equal(BootErrorCode.MemoryTooSmall, Refusal(20, [0x1F, 0x8B, .. new byte[3 << 20]], "").Code);

    [Fact]
    public void Load_LongCommandLine_Refused() =>
        Assert.Contains("2047", Refusal(64, [], new string('x', 2048)).Message, StringComparison.Ordinal);

    [Fact]
    public void Load_CommandLineWithNewline_Refused() =>
        Assert.Equal(BootErrorCode.BadCommandLine, Refusal(64, [], "a\nb").Code);

    [Fact]
    public void MemoryMap_AboveTheHole_HasNoOverlaps()
    {
        using var memory = new GuestMemory(5UL << 30);
        IReadOnlyList<E820Entry> map = MemoryMap.Build(memory, 0xE000_0000, 256 << 20);
        for (int i = 1; i < map.Count; i++) Assert.True(map[i - 1].Address + map[i - 1].Length <= map[i].Address);
        Assert.Equal(new E820Entry(GuestMemory.HoleEnd, 2UL << 30, E820Type.Usable), map[^1]);
    }

    private static BootException Refusal(ulong megabytes, byte[] initrd, string commandLine)
    {
        using var memory = new GuestMemory(megabytes << 20);
        KernelImage kernel = KernelImage.Parse(FakeKernel.BzImage());
        return Assert.Throws<BootException>(() => DirectBoot.Load(memory, new() { Kernel = kernel, Initrd = initrd, CommandLine = commandLine }));
    }
}
