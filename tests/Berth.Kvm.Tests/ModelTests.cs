using Berth.Cpu.Tests.Guests;
using Berth.Kvm.Tests.Guests;
using Berth.X86;
using static Iced.Intel.AssemblerRegisters;

namespace Berth.Kvm.Tests;

/// <summary>The processor that a guest sees is the model's, less what the host has not.</summary>
public sealed class ModelTests
{
    private static CpuidResult Cpuid(uint leaf, uint index = 0)
    {
        using var guest = new Guest(KvmEngine.Instance);
        guest.Run(a =>
        {
            a.mov(eax, leaf);
            a.mov(ecx, index);
            a.cpuid();
        });
        ulong[] r = guest.Cpu.GetRegisters().General;
        return new((uint)r[0], (uint)r[3], (uint)r[1], (uint)r[2]);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0x8000_0000)]
    [InlineData(0x8000_0002)]
    [InlineData(0x8000_0004)]
    [InlineData(0x4000_0000)]
    public void Cpuid_OfLeavesWithoutFeatures_IsTheModels(uint leaf) => Assert.Equal(CpuModel.Query(leaf, 0, default), Cpuid(leaf));

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(0x8000_0001)]
    [InlineData(0x4000_0001)]
    public void Cpuid_Features_AreAmongTheModels(uint leaf)
    {
        if (KvmEngine.IsPageTableBased && leaf is 1 or 7) Assert.Skip("This host's KVM has no hardware behind it: its CPUID shows features that it was not told of");
        CpuidResult model = CpuModel.Query(leaf, 0, new CpuidContext(0, 1, 1_000_000_000, Osxsave: true, Xcr0: 7)), guest = Cpuid(leaf);
        Assert.Equal(0u, guest.Ecx & ~model.Ecx);
        Assert.Equal(0u, guest.Edx & ~model.Edx);
        if (leaf == 7) Assert.Equal(0u, guest.Ebx & ~model.Ebx);
        if (leaf == 1) Assert.Equal(CpuModel.Signature, guest.Eax);
        else Assert.Equal(0u, guest.Eax & ~model.Eax);
    }

    [Theory]
    [InlineData(Msr.FeatureControl, 1ul)]
    [InlineData(Msr.MachineCheckCapabilities, 0ul)]
    [InlineData(Msr.MtrrCapabilities, 0x508ul)]
    [InlineData(Msr.MtrrDefaultType, 6ul)]
    [InlineData(Msr.MicrocodeRevision, 1ul << 32)]
    [InlineData(Msr.MiscEnable, 0x1801ul)]
    [InlineData(Msr.ApicBase, 0xFEE0_0900ul)]
    public void Rdmsr_OfTheModel_GivesItsValue(uint msr, ulong value)
    {
        using var guest = new Guest(KvmEngine.Instance);
        guest.Run(a =>
        {
            a.mov(ecx, msr);
            a.rdmsr();
        });
        ulong[] r = guest.Cpu.GetRegisters().General;
        Assert.Equal((-1, value), (guest.Vector, r[2] << 32 | (uint)r[0]));
        Assert.True(guest.Cpu.TryReadMsr(msr, out ulong same));
        Assert.Equal(value, same);
    }

    // Performance counters, SMI counts, XSS, and one that no processor has.
    [Theory]
    [InlineData(0x186u)]
    [InlineData(0x34u)]
    [InlineData(0xDA0u)]
    [InlineData(0x4B56_4D02u)]
    [InlineData(0x1234_5678u)]
    public void Msr_OutsideTheModel_IsGeneralProtection(uint msr)
    {
        foreach (bool write in (bool[])[false, true])
        {
            using var guest = new Guest(KvmEngine.Instance);
            guest.Run(a =>
            {
                a.mov(ecx, msr);
                a.xor(eax, eax);
                a.xor(edx, edx);
                if (write) a.wrmsr();
                else a.rdmsr();
            });
            Assert.Equal(ExceptionVector.GeneralProtection, guest.Vector);
            Assert.False(guest.Cpu.TryReadMsr(msr, out _));
        }
    }

    [Fact]
    public void Registers_SetAndRead_AreTheSame()
    {
        using var guest = new Guest(KvmEngine.Instance);
        CpuRegisters r = Guest.LongMode(0);
        for (int i = 0; i < 16; i++) r.General[i] = 0x0101_0101_0101_0101ul * (ulong)(i + 1);
        r.Flags = RFlags.Fixed | RFlags.Carry | RFlags.Zero | RFlags.Interrupt;
        r.Cr2 = 0x1234_5000;
        r.Cr8 = 3;
        r.Debug[0] = 0x1000;
        r.Segments[(int)SegmentName.Fs] = r.Segments[(int)SegmentName.Fs] with { Base = 0x7FFF_1234_5678 };
        guest.Cpu.SetRegisters(r);
        CpuRegisters read = guest.Cpu.GetRegisters();
        Assert.Equal(r.General, read.General);
        Assert.Equal(r.Debug, read.Debug);
        Assert.Equal((r.Rip, r.Flags, r.Cr0, r.Cr2, r.Cr3, r.Cr4, r.Cr8, r.Efer), (read.Rip, read.Flags, read.Cr0, read.Cr2, read.Cr3, read.Cr4, read.Cr8, read.Efer));
        Assert.Equal((r.Gdt, r.Idt, r.TaskRegister), (read.Gdt, read.Idt, read.TaskRegister));
        Assert.Equal(r.Segments, read.Segments);
    }

    [Fact]
    public void ExtendedState_SetAndRead_IsTheSame()
    {
        using var guest = new Guest(KvmEngine.Instance);
        byte[] state = new byte[CpuModel.XsaveSize], read = new byte[CpuModel.XsaveSize];
        guest.Cpu.GetExtendedState(state);
        for (int i = 160; i < 416; i++) state[i] = (byte)i;
        for (int i = 576; i < CpuModel.XsaveSize; i++) state[i] = (byte)(i * 3);
        guest.Cpu.SetExtendedState(state);
        guest.Cpu.GetExtendedState(read);
        Assert.Equal(state, read);
    }
}
