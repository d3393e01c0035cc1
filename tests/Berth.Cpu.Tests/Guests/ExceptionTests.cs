using Berth.Machine;
using Berth.X86;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Berth.Cpu.Tests.Guests;

public abstract class ExceptionTests(GuestEngine engine)
{
    [Fact]
    public void Ud2_ReportsItsOwnAddressAndResumeFlag()
    {
        using var guest = new Guest(engine);
        guest.Run(a => a.ud2());
        Assert.Equal((ExceptionVector.InvalidOpcode, Guest.Code), ((byte)guest.Vector, guest.FaultRip));
        Assert.NotEqual(0ul, guest.FaultFlags & RFlags.Resume);
    }

    [Fact]
    public void Int3_ReportsTheNextAddress()
    {
        using var guest = new Guest(engine);
        guest.Run(a => a.int3());
        Assert.Equal((3, Guest.Code + 1), (guest.Vector, guest.FaultRip));
        Assert.Equal(0ul, guest.FaultFlags & RFlags.Resume);
    }

    [Fact]
    public void Divide_ByZero_LeavesRegisters()
    {
        using var guest = new Guest(engine);
        guest.Run(a =>
        {
            a.mov(eax, 7);
            a.xor(ecx, ecx);
            a.div(ecx);
        });
        Assert.Equal(0, guest.Vector);
        Assert.Equal(7ul, guest.Cpu.GetRegisters().General[0]);
    }

    [Theory]
    [InlineData(0x80, 3, 0x80)]
    [InlineData(0x80, 0, 13)]
    public void SoftwareInterrupt_FromUser_ObeysTheGatesLevel(int vector, int dpl, int expected)
    {
        using var guest = new Guest(engine);
        guest.Assemble(a =>
        {
            a.push(0);
            a.push(vector);
            a.jmp(0xE000);
        }, 0xE100);
        guest.Gate(vector, 0xE100, dpl: dpl);
        guest.RunUser(a => a.@int((byte)vector));
        Assert.Equal(expected, guest.Vector);
        if (dpl == 0) Assert.Equal((ulong)(vector * 8) + 2, guest.ErrorCode);
        Assert.Equal(dpl == 0 ? Guest.UserCode : Guest.UserCode + 2, guest.FaultRip);
    }

    [Fact]
    public void InterruptStackTable_SwitchesStackWithoutLevelChange()
    {
        using var guest = new Guest(engine);
        guest.Gate(6, Guest.Handlers + (6 * 0x20), ist: 1);
        guest.Run(a => a.ud2());
        Assert.Equal(6, guest.Vector);
        Assert.Equal(Guest.IstTop - 56, guest.HandlerRsp);
        Assert.Equal(Guest.StackTop, guest.FaultRsp);
    }

    [Fact]
    public void InterruptStackTable_FromUser_TakesItsStackAndNotThatOfTheLevel()
    {
        using var guest = new Guest(engine);
        guest.Gate(6, Guest.Handlers + (6 * 0x20), ist: 1);
        // Frames begin at multiples of 16.
        guest.Write(Guest.Tss + 36, Guest.IstTop - 8);
        guest.RunUser(a => a.ud2());
        Assert.Equal((6, Guest.UserCode), (guest.Vector, guest.FaultRip));
        Assert.Equal(Guest.IstTop - 16 - 56, guest.HandlerRsp);
        Assert.Equal((Guest.StackTop - 0x1000, (ulong)Guest.UserData), (guest.FaultRsp, guest.FaultSs));
    }

    [Fact]
    public void InterruptStackTable_NonCanonicalStack_IsStackFault()
    {
        using var guest = new Guest(engine);
        guest.Gate(6, Guest.Handlers + (6 * 0x20), ist: 1);
        guest.Gate(12, Guest.Handlers + (12 * 0x20), ist: 2);
        guest.Write(Guest.Tss + 36, 0x1234_0000_0000_0000);
        guest.Write(Guest.Tss + 44, Guest.IstTop);
        guest.Run(a => a.ud2());
        Assert.Equal((ExceptionVector.StackFault, Guest.Code), ((byte)guest.Vector, guest.FaultRip));
    }

    [Fact]
    public void DoubleFault_OnItsOwnStack_SurvivesALostStack()
    {
        using var guest = new Guest(engine);
        guest.Gate(8, Guest.Handlers + (8 * 0x20), ist: 1);
        guest.Run(a =>
        {
            // The page fault of the push finds no stack either.
            a.mov(rsp, 0x7000_0000);
            a.push(rax);
        });
        Assert.Equal((ExceptionVector.DoubleFault, 0ul), ((byte)guest.Vector, guest.ErrorCode));
        Assert.Equal(Guest.IstTop - 56, guest.HandlerRsp);
    }

    [Theory]
    [InlineData(0x1_0000UL, 13, 0x1_0000 & 0xFFFC)]
    [InlineData(0x58UL, 13, 0x58)]
    [InlineData(0x10UL, 13, 0x10)]
    [InlineData(0UL, 13, 0)]
    public void Iret_ToABadCodeSegment_IsGeneralProtectionWithItsSelector(ulong selector, int vector, ulong error)
    {
        using var guest = new Guest(engine);
        guest.Run(a =>
        {
            a.push(Guest.KernelData);
            a.push(0x2F_0000);
            a.pushfq();
            a.push((int)(ushort)selector);
            a.push(0x10_0000);
            a.iretq();
        });
        Assert.Equal((vector, error), (guest.Vector, guest.ErrorCode));
    }

    [Fact]
    public void FaultDuringPageFault_IsDoubleFault()
    {
        using var guest = new Guest(engine);
        guest.Gate(14, Guest.Handlers, present: false);
        guest.Map(0x28_0000, 0);
        guest.Run(a => a.mov(rax, __qword_ptr[0x28_0000]));
        Assert.Equal(ExceptionVector.DoubleFault, guest.Vector);
        Assert.Equal(0ul, guest.ErrorCode);
    }

    [Fact]
    public void FaultDuringDoubleFault_ShutsDown()
    {
        using var guest = new Guest(engine);
        guest.Gate(13, Guest.Handlers, present: false);
        guest.Gate(8, Guest.Handlers, present: false);
        guest.Gate(11, Guest.Handlers, present: false);
        CpuExit exit = guest.Run(a => a.mov(rax, __qword_ptr[rax + 0x7FFF_FFFF]));
        Assert.Equal(CpuExitReason.Halted, exit.Reason);
        exit = new CpuExit(CpuExitReason.Kicked);
        guest.Cpu.SetRegisters(Guest.LongMode(0));
        exit = guest.Run(a =>
        {
            a.mov(rax, 0x1234_5678_0000_0000);
            a.mov(rax, __[rax]);
        });
        Assert.Equal(CpuExitReason.Shutdown, exit.Reason);
    }

    [Fact]
    public void Privileged_FromUser_AreGeneralProtection()
    {
        Action<Assembler>[] forbidden =
        [
            a => a.hlt(), a => a.cli(), a => a.mov(rax, cr0), a => a.mov(cr3, rax), a => a.rdmsr(), a => a.wrmsr(), a => a.invlpg(__[rax]),
            a => a.lgdt(__[rsp]), a => a.ltr(ax), a => a.clts(), a => a.wbinvd(), a => a.swapgs(), a => a.@in(al, dx), a => a.mov(dr0, rax),
        ];
        foreach (Action<Assembler> write in forbidden)
        {
            using var guest = new Guest(engine);
            guest.RunUser(a => write(a));
            Assert.Equal((ExceptionVector.GeneralProtection, 0ul, Guest.UserCode), ((byte)guest.Vector, guest.ErrorCode, guest.FaultRip));
        }
    }

    [Fact]
    public void Umip_HidesDescriptorTablesFromUser()
    {
        using var guest = new Guest(engine);
        CpuRegisters r = guest.Cpu.GetRegisters();
        r.Cr4 |= Cr4.Umip;
        guest.Cpu.SetRegisters(r);
        guest.RunUser(a => a.sgdt(__[rsp - 16]));
        Assert.Equal(ExceptionVector.GeneralProtection, guest.Vector);
    }

    [Fact]
    public void SingleStep_TrapsAfterTheInstruction()
    {
        using var guest = new Guest(engine);
        guest.RunUser(a =>
        {
            a.inc(ecx);
            a.inc(edx);
        }, flags: 0x302);
        Assert.Equal((1, Guest.UserCode + 2), (guest.Vector, guest.FaultRip));
        Assert.Equal(1UL << 14, guest.Cpu.GetRegisters().Debug[6] & (1UL << 14));
    }

    [Fact]
    public void CodeBreakpoint_FaultsBefore_DataBreakpointTrapsAfter()
    {
        using var guest = new Guest(engine);
        CpuRegisters r = guest.Cpu.GetRegisters();
        r.Debug[0] = Guest.Code + 2;
        r.Debug[7] = 0x401;
        guest.Cpu.SetRegisters(r);
        guest.Run(a =>
        {
            a.inc(ecx);
            a.inc(edx);
        });
        Assert.Equal((1, Guest.Code + 2), (guest.Vector, guest.FaultRip));
        Assert.Equal(1ul, guest.Cpu.GetRegisters().Debug[6] & 15);

        using var second = new Guest(engine);
        r = second.Cpu.GetRegisters();
        r.Debug[1] = Guest.Data + 4;
        r.Debug[7] = 0x400 | 1 << 2 | 1 << 20 | 3 << 22;
        second.Cpu.SetRegisters(r);
        second.Run(a =>
        {
            a.mov(rbx, Guest.Data);
            a.mov(eax, __[rbx + 4]);
            a.mov(__[rbx], eax);
            a.mov(__qword_ptr[rbx], rax);
            a.nop();
        });
        Assert.Equal(1, second.Vector);
        Assert.Equal(2ul, second.Cpu.GetRegisters().Debug[6] & 15);
    }

    [Fact]
    public void Alignment_CheckedForUserOnly()
    {
        using var guest = new Guest(engine);
        CpuRegisters r = guest.Cpu.GetRegisters();
        r.Cr0 |= Cr0.AlignmentMask;
        guest.Cpu.SetRegisters(r);
        guest.RunUser(a =>
        {
            a.mov(rbx, Guest.Data + 1);
            a.mov(al, __[rbx]);
            a.mov(eax, __[rbx]);
        }, flags: 0x202 | RFlags.AlignmentCheck);
        Assert.Equal((ExceptionVector.AlignmentCheck, 0ul), ((byte)guest.Vector, guest.ErrorCode));
    }

    [Fact]
    public void Syscall_AndSysret_RoundTrip()
    {
        using var guest = new Guest(engine);
        Assert.True(guest.Cpu.TryWriteMsr(Msr.Star, ((Guest.UserData - 11UL) << 48) | ((ulong)Guest.KernelCode << 32)));
        Assert.True(guest.Cpu.TryWriteMsr(Msr.Lstar, 0xE200));
        Assert.True(guest.Cpu.TryWriteMsr(Msr.Fmask, RFlags.Interrupt | RFlags.Direction));
        guest.Assemble(a =>
        {
            a.mov(r15, rcx);
            a.mov(r14, r11);
            a.pushfq();
            a.pop(r13);
            a.sysretq();
        }, 0xE200);
        guest.RunUser(a =>
        {
            a.syscall();
            a.ud2();
        });
        CpuRegisters r = guest.Cpu.GetRegisters();
        Assert.Equal((6, Guest.UserCode + 2), (guest.Vector, guest.FaultRip));
        Assert.Equal((Guest.UserCode + 2, 0x202ul, 2ul), (r.General[15], r.General[14], r.General[13]));
        Assert.Equal((ulong)Guest.UserCode64, guest.FaultCs);
    }

    [Fact]
    public void UnmaskedSimdDivision_RaisesXmWithoutResult()
    {
        using var guest = new Guest(engine);
        guest.Write(Guest.Data, 0x1D80);
        guest.Run(a =>
        {
            a.ldmxcsr(__[Guest.Data]);
            a.mov(eax, 1);
            a.cvtsi2sd(xmm0, eax);
            a.xorps(xmm1, xmm1);
            a.divsd(xmm0, xmm1);
        });
        Assert.Equal(ExceptionVector.Simd, guest.Vector);
        byte[] state = new byte[CpuModel.XsaveSize];
        guest.Cpu.GetExtendedState(state);
        Assert.Equal(1.0, BitConverter.ToDouble(state, 160));
    }

    [Fact]
    public void UnmaskedX87Division_ReportsAtTheNextWaitingInstruction()
    {
        using var guest = new Guest(engine);
        guest.Write(Guest.Data, 0x37B);
        guest.Run(a =>
        {
            a.fninit();
            a.fldcw(__[Guest.Data]);
            a.fld1();
            a.fldz();
            a.fdivp(st1, st0);
            a.mov(ecx, 5);
            a.fnstsw(ax);
            a.fld1();
        });
        Assert.Equal(ExceptionVector.X87, guest.Vector);
        CpuRegisters r = guest.Cpu.GetRegisters();
        Assert.Equal((5ul, 0x8084ul), (r.General[1], r.General[0] & 0x8084));
    }

    [Fact]
    public void TaskSwitched_MakesFpuAndSseUnavailable()
    {
        foreach (Action<Assembler> write in (Action<Assembler>[])[a => a.fld1(), a => a.addps(xmm0, xmm1), a => a.vaddps(ymm0, ymm1, ymm2), a => a.paddb(mm0, mm1)])
        {
            using var guest = new Guest(engine);
            CpuRegisters r = guest.Cpu.GetRegisters();
            r.Cr0 |= Cr0.TaskSwitched;
            guest.Cpu.SetRegisters(r);
            guest.Run(a => write(a));
            Assert.Equal(ExceptionVector.DeviceNotAvailable, guest.Vector);
        }
    }
}

public sealed class InterpretedExceptionTests() : ExceptionTests(GuestEngine.Interpreter);

public sealed class TranslatedExceptionTests() : ExceptionTests(GuestEngine.Translator);

public sealed class DirectExceptionTests() : ExceptionTests(GuestEngine.Direct);

public sealed class RelocatedExceptionTests() : ExceptionTests(GuestEngine.Relocated);
