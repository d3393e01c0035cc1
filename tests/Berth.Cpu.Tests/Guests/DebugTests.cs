using Berth.X86;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Berth.Cpu.Tests.Guests;

public abstract class DebugTests(GuestEngine engine)
{
    private const ulong BreakpointHits = 15, GeneralDetect = 1UL << 13, Step = 1UL << 14;

    private Guest WithDebug(int register, ulong address, ulong control, ulong cr4 = 0)
    {
        var guest = new Guest(engine);
        CpuRegisters r = guest.Cpu.GetRegisters();
        r.Debug[register] = address;
        r.Debug[7] = 0x400 | control;
        r.Cr4 |= cr4;
        guest.Cpu.SetRegisters(r);
        return guest;
    }

    private static void SetTrapFlag(Assembler a)
    {
        a.push((int)(RFlags.Trap | RFlags.Fixed));
        a.popfq();
    }

    private static ulong Status(Guest guest) => guest.Cpu.GetRegisters().Debug[6] & (BreakpointHits | GeneralDetect | Step);

    [Fact]
    public void TrapFlag_InTheKernel_TrapsAfterTheNextInstruction()
    {
        using var guest = new Guest(engine);
        ulong end = guest.Assemble(SetTrapFlag);
        guest.Run(a =>
        {
            SetTrapFlag(a);
            a.inc(ecx);
            a.inc(ecx);
        });
        Assert.Equal((1, end + 2, Step), (guest.Vector, guest.FaultRip, Status(guest)));
        Assert.Equal(0ul, guest.Cpu.GetRegisters().Flags & RFlags.Trap);
    }

    /// <summary>[SDM3] 6.8.3: no trap between a load of SS and the instruction behind it.</summary>
    [Fact]
    public void TrapFlag_AfterMovSs_WaitsForOneMore()
    {
        using var guest = new Guest(engine);
        ulong end = guest.Assemble(a =>
        {
            a.mov(eax, Guest.KernelData);
            SetTrapFlag(a);
            a.mov(ss, ax);
        });
        guest.Run(a =>
        {
            a.mov(eax, Guest.KernelData);
            SetTrapFlag(a);
            a.mov(ss, ax);
            a.inc(ecx);
            a.inc(ecx);
        });
        Assert.Equal((1, end + 2), (guest.Vector, guest.FaultRip));
    }

    [Fact]
    public void DataBreakpoint_MetByALoadOfSs_WaitsForOneMore()
    {
        using Guest guest = WithDebug(1, Guest.Data, 1 << 2 | 3 << 20 | 1 << 22);
        guest.Write(Guest.Data, Guest.KernelData);
        ulong end = guest.Assemble(a => a.mov(ss, __word_ptr[Guest.Data]));
        guest.Run(a =>
        {
            a.mov(ss, __word_ptr[Guest.Data]);
            a.inc(ecx);
            a.inc(ecx);
        });
        Assert.Equal((1, end + 2, 2ul), (guest.Vector, guest.FaultRip, Status(guest)));
    }

    [Fact]
    public void Int1_ReportsTheNextAddressWithoutStatus()
    {
        using var guest = new Guest(engine);
        guest.Run(a => a.int1());
        Assert.Equal((1, Guest.Code + 1, 0ul), (guest.Vector, guest.FaultRip, Status(guest)));
    }

    [Fact]
    public void GeneralDetect_AccessOfDebugRegister_FaultsAndOpens()
    {
        using Guest guest = WithDebug(0, 0, GeneralDetect);
        guest.Run(a => a.mov(rax, dr0));
        Assert.Equal((1, Guest.Code, GeneralDetect), (guest.Vector, guest.FaultRip, Status(guest)));
        Assert.Equal(0ul, guest.Cpu.GetRegisters().Debug[7] & GeneralDetect);
    }

    [Fact]
    public void ResumeFlag_LetsTheInstructionRunOnce()
    {
        using Guest guest = WithDebug(0, Guest.Code + 2, 1);
        guest.Assemble(a =>
        {
            a.inc(edx);
            a.or(__dword_ptr[rsp + 16], (int)RFlags.Resume);
            a.iretq();
        }, 0xE200);
        guest.Gate(1, 0xE200);
        CpuRegisters r = guest.Cpu.GetRegisters();
        r.General[1] = r.General[2] = 0;
        guest.Cpu.SetRegisters(r);
        guest.Run(a =>
        {
            a.inc(ecx);
            a.inc(ecx);
        });
        r = guest.Cpu.GetRegisters();
        Assert.Equal((2ul, 1ul), (r.General[1], r.General[2]));
    }

    [Fact]
    public void PortBreakpoint_TrapsAfterTheAccess()
    {
        using Guest guest = WithDebug(2, 0x80, 1 << 4 | 2 << 24, Cr4.DebuggingExtensions);
        guest.Run(a =>
        {
            a.@out(0x82, al);
            a.@out(0x80, al);
            a.nop();
        });
        Assert.Equal((1, Guest.Code + 4, 4ul), (guest.Vector, guest.FaultRip, Status(guest)));
    }

    [Fact]
    public void WriteBreakpoint_OfEightBytes_MeetsStringStores()
    {
        using Guest guest = WithDebug(3, Guest.Data + 8, 1 << 6 | 1 << 28 | 2U << 30);
        guest.Run(a =>
        {
            a.mov(rdi, Guest.Data);
            a.mov(ecx, 100);
            a.rep.stosb();
        });
        // After the iteration that met it, not after the last.
        Assert.Equal((1, 8ul), (guest.Vector, Status(guest)));
        Assert.Equal((91ul, Guest.Data + 9), (guest.Cpu.GetRegisters().General[1], guest.Cpu.GetRegisters().General[7]));
    }

    [Theory]
    [InlineData(false, -1)]
    [InlineData(true, ExceptionVector.InvalidOpcode)]
    public void DebugRegisterFour_IsSixUnlessExtensionsAreOn(bool extensions, int vector)
    {
        using Guest guest = WithDebug(0, 0, 0, extensions ? Cr4.DebuggingExtensions : 0);
        guest.Run(a => a.mov(rax, dr4));
        Assert.Equal(vector, guest.Vector);
        if (!extensions) Assert.Equal(0xFFFF_0FF0ul, guest.Cpu.GetRegisters().General[0]);
    }

    [Fact]
    public void DebugRegister_HighHalf_IsGeneralProtection()
    {
        using var guest = new Guest(engine);
        guest.Run(a =>
        {
            a.mov(rax, 1L << 32);
            a.mov(dr7, rax);
        });
        Assert.Equal(ExceptionVector.GeneralProtection, guest.Vector);
    }
}

public sealed class InterpretedDebugTests() : DebugTests(GuestEngine.Interpreter);

public sealed class TranslatedDebugTests() : DebugTests(GuestEngine.Translator);

public sealed class DirectDebugTests() : DebugTests(GuestEngine.Direct);

public sealed class RelocatedDebugTests() : DebugTests(GuestEngine.Relocated);
