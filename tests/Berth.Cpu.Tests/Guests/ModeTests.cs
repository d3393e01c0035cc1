using Berth.Machine;
using Berth.X86;
using static Iced.Intel.AssemblerRegisters;

namespace Berth.Cpu.Tests.Guests;

public abstract class ModeTests(GuestEngine engine)
{
    /// <summary>The way an application processor or a boot loader goes: real mode, protected mode, long mode.</summary>
    [Fact]
    public void RealToProtectedToLong_Arrives()
    {
        using var guest = new Guest(engine, longMode: false);
        guest.Write(0x7000, 0x4F | Guest.Gdt << 16);
        guest.Assemble(a =>
        {
            a.cli();
            a.mov(ax, 0);
            a.mov(ds, ax);
            a.mov(ss, ax);
            a.mov(sp, 0x7000);
            a.push(0x1234);
            a.pop(bx);
            a.lgdt(__[0x7000]);
            a.mov(eax, cr0);
            a.or(eax, 1);
            a.mov(cr0, eax);
            // jmp 0040:00006100
            a.db(0x66, 0xEA, 0x00, 0x61, 0x00, 0x00, 0x40, 0x00);
        }, 0x6000, 16);
        guest.Assemble(a =>
        {
            a.mov(ax, Guest.Data32);
            a.mov(ds, ax);
            a.mov(ss, ax);
            a.mov(esp, 0x7000);
            a.push(0x5678);
            a.pop(edx);
            a.mov(eax, cr4);
            a.or(eax, (int)Cr4.PhysicalAddressExtension);
            a.mov(cr4, eax);
            a.mov(eax, (int)Guest.Pml4);
            a.mov(cr3, eax);
            a.mov(ecx, unchecked((int)Msr.Efer));
            a.rdmsr();
            a.or(eax, (int)Efer.LongModeEnable);
            a.wrmsr();
            a.mov(eax, cr0);
            a.or(eax, unchecked((int)Cr0.Paging));
            a.mov(cr0, eax);
            // jmp 0008:00006200
            a.db(0xEA, 0x00, 0x62, 0x00, 0x00, 0x08, 0x00);
        }, 0x6100, 32);
        guest.Assemble(a =>
        {
            a.mov(rcx, 0x1122_3344_5566_7788);
            a.hlt();
        }, 0x6200);
        CpuRegisters r = CpuRegisters.AtReset();
        r.Segments[(int)SegmentName.Cs] = r.Segments[(int)SegmentName.Cs] with { Base = 0x6000, Selector = 0x600 };
        r.Rip = 0;
        guest.Cpu.SetRegisters(r);
        CpuExit exit = guest.Cpu.Run();
        r = guest.Cpu.GetRegisters();
        Assert.Equal(CpuExitReason.Halted, exit.Reason);
        Assert.Equal(0x1122_3344_5566_7788ul, r.General[1]);
        Assert.Equal(0x1234ul, r.General[3] & 0xFFFF);
        Assert.Equal(Guest.KernelCode, r.Segments[(int)SegmentName.Cs].Selector);
        Assert.NotEqual(0ul, r.Efer & Efer.LongModeActive);
    }

    /// <summary>And back: compatibility mode, paging off, a 16-bit segment, real mode.</summary>
    [Fact]
    public void LongToProtectedToReal_Arrives()
    {
        using var guest = new Guest(engine);
        const ushort code16 = 0x50;
        guest.Write(Guest.Gdt + code16, 0x0000_9B00_0000_FFFF);
        CpuRegisters r = guest.Cpu.GetRegisters();
        r.Gdt = new(Guest.Gdt, 0x57);
        guest.Cpu.SetRegisters(r);
        guest.Write(Guest.Data, 0x6600UL | (ulong)Guest.Code32 << 32);
        guest.Assemble(a =>
        {
            a.mov(eax, cr0);
            a.and(eax, unchecked((int)~Cr0.Paging));
            a.mov(cr0, eax);
            a.mov(ecx, unchecked((int)Msr.Efer));
            a.rdmsr();
            a.and(eax, unchecked((int)~Efer.LongModeEnable));
            a.wrmsr();
            // jmp 0050:00006700
            a.db(0xEA, 0x00, 0x67, 0x00, 0x00, 0x50, 0x00);
        }, 0x6600, 32);
        guest.Assemble(a =>
        {
            a.mov(eax, cr0);
            a.and(al, 0xFE);
            a.mov(cr0, eax);
            // jmp 0680:0000
            a.db(0xEA, 0x00, 0x00, 0x80, 0x06);
        }, 0x6700, 16);
        guest.Assemble(a =>
        {
            a.mov(ax, 0x700);
            a.mov(ds, ax);
            a.mov(__word_ptr[0x10], 0x4321);
            a.mov(bx, cs);
            a.hlt();
        }, 0x6800, 16);
        guest.Run(a => a.jmp(__fword_ptr[Guest.Data]));
        r = guest.Cpu.GetRegisters();
        Assert.Equal((-1, 0x680ul, 0x4321ul), (guest.Vector, r.General[3] & 0xFFFF, guest.Read(0x7010) & 0xFFFF));
        Assert.Equal((0ul, 0ul), (r.Efer & Efer.LongModeActive, r.Cr0 & (Cr0.Paging | Cr0.ProtectionEnable)));
    }

    [Fact]
    public void RealMode_InterruptAndIret_UseTheVectorTable()
    {
        using var guest = new Guest(engine, longMode: false);
        guest.Memory.Write(0x21 * 4, [0x00, 0x65, 0x00, 0x00]);
        guest.Assemble(a =>
        {
            a.mov(bx, 0x55);
            a.iret();
        }, 0x6500, 16);
        guest.Assemble(a =>
        {
            a.mov(sp, 0x7000);
            a.@int(0x21);
            a.mov(cx, 0x66);
            a.mov(al, 0x99);
            a.add(al, 0x01);
            a.daa();
            a.hlt();
        }, 0x6000, 16);
        CpuRegisters r = CpuRegisters.AtReset();
        r.Segments[(int)SegmentName.Cs] = r.Segments[(int)SegmentName.Cs] with { Base = 0, Selector = 0 };
        r.Rip = 0x6000;
        guest.Cpu.SetRegisters(r);
        guest.Cpu.Run();
        r = guest.Cpu.GetRegisters();
        Assert.Equal((0x55ul, 0x66ul, 0x7000ul), (r.General[3], r.General[1], r.General[4]));
        Assert.Equal(0ul, r.General[0] & 0xFF);
    }

    [Fact]
    public void Reset_StartsAtTheResetVector()
    {
        using var guest = new Guest(engine, longMode: false);
        CpuRegisters r = guest.Cpu.GetRegisters();
        Assert.Equal((0xFFF0ul, 0xFFFF_0000ul), (r.Rip, r.Segments[(int)SegmentName.Cs].Base));
        guest.Mmio.Add(0xFFFF_0000, 0x1_0000, new Rom());
        Assert.Equal(CpuExitReason.Halted, guest.Cpu.Run().Reason);
        Assert.Equal(0x42ul, guest.Cpu.GetRegisters().General[0] & 0xFF);
    }

    private sealed class Rom : IMmioDevice
    {
        // FFF0: mov al, 42h; hlt
        public ulong ReadMmio(ulong offset, int size) => offset switch { 0xFFF0 => 0xB0, 0xFFF1 => 0x42, 0xFFF2 => 0xF4, _ => 0xFF };

        public void WriteMmio(ulong offset, int size, ulong value)
        {
        }
    }

    [Fact]
    public void CompatibilityMode_RunsThirtyTwoBitCode()
    {
        using var guest = new Guest(engine);
        guest.Assemble(a =>
        {
            a.mov(eax, -1);
            a.inc(eax);
            a.db(0x40); // inc eax: a REX prefix in 64-bit mode
            a.hlt();
        }, 0x6600, 32);
        guest.Write(Guest.Data, 0x6600UL | (ulong)Guest.Code32 << 32);
        guest.Run(a => a.jmp(__fword_ptr[Guest.Data]));
        CpuRegisters r = guest.Cpu.GetRegisters();
        Assert.Equal((1ul, Guest.Code32), (r.General[0], r.Segments[(int)SegmentName.Cs].Selector));
    }
}

public sealed class InterpretedModeTests() : ModeTests(GuestEngine.Interpreter);

public sealed class TranslatedModeTests() : ModeTests(GuestEngine.Translator);

public sealed class DirectModeTests() : ModeTests(GuestEngine.Direct);

public sealed class RelocatedModeTests() : ModeTests(GuestEngine.Relocated);
