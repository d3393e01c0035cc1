using Berth.X86;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Berth.Cpu.Tests.Guests;

public abstract class PrivilegeTests(GuestEngine engine)
{
    private static void AssertGeneralProtection(Guest guest) =>
        Assert.Equal((ExceptionVector.GeneralProtection, 0ul), ((byte)guest.Vector, guest.ErrorCode));

    [Fact]
    public void IoBitmap_LetsUsersAtTheNamedPortsOnly()
    {
        using var guest = new Guest(engine);
        CpuRegisters r = guest.Cpu.GetRegisters();
        r.TaskRegister = r.TaskRegister with { Limit = 0x68 + 33 };
        guest.Cpu.SetRegisters(r);
        guest.Write(Guest.Tss + 96, 0x68UL << 48);
        for (ulong i = 0; i < 40; i += 8) guest.Write(Guest.Tss + 0x68 + i, ulong.MaxValue);
        // Port 0x80, but not 0x81.
        Assert.True(guest.Memory.Write(Guest.Tss + 0x68 + 0x10, [0xFE]));
        guest.RunUser(a =>
        {
            a.@out(0x80, al);
            a.@in(al, 0x80);
            a.inc(ecx);
            a.@out(0x80, ax);
        });
        AssertGeneralProtection(guest);
        Assert.Equal(Guest.UserCode + 6, guest.FaultRip);
    }

    [Fact]
    public void IoPrivilege_OfThree_LetsUsersAtPortsAndInterruptFlag()
    {
        using var guest = new Guest(engine);
        guest.RunUser(a =>
        {
            a.@out(0x80, al);
            a.cli();
            a.pushfq();
            a.pop(rbx);
            a.ud2();
        }, flags: 0x202 | RFlags.IoPrivilege);
        Assert.Equal(ExceptionVector.InvalidOpcode, guest.Vector);
        Assert.Equal(RFlags.IoPrivilege, guest.Cpu.GetRegisters().General[3] & (RFlags.IoPrivilege | RFlags.Interrupt));
    }

    [Fact]
    public void Popf_FromUser_KeepsInterruptFlagAndIoPrivilege()
    {
        using var guest = new Guest(engine);
        guest.RunUser(a =>
        {
            a.push((int)(RFlags.IoPrivilege | RFlags.Carry | RFlags.Direction));
            a.popfq();
            a.pushfq();
            a.pop(rbx);
            a.cld();
            a.ud2();
        });
        Assert.Equal(RFlags.Carry | RFlags.Direction | RFlags.Interrupt | RFlags.Fixed, guest.Cpu.GetRegisters().General[3]);
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(3, 200)]
    [InlineData(4, 200)]
    [InlineData(7, 200)]
    public void Cpuid_ByUserCode_AnswersAsToTheKernel(int count, int distance)
    {
        const int leaf = 0x4000_0000;
        using var guest = new Guest(engine);
        guest.Assemble(a =>
        {
            Label second = a.CreateLabel(), third = a.CreateLabel();
            a.mov(eax, leaf);
            a.jmp(second);
            // With no distance, an instruction of the page is run for the first time by the jump to it.
            a.nop(0x1000 - 7 - 3 + distance);
            a.Label(ref second);
            for (int i = 0; i < count; i++)
            {
                a.cpuid();
                a.add(r8, rax);
                a.mov(eax, leaf);
            }
            a.mov(ecx, 100);
            a.Label(ref third);
            a.dec(ecx);
            a.jnz(third);
            a.ud2();
        }, Guest.UserCode);
        guest.Run(a =>
        {
            a.mov(eax, leaf);
            a.cpuid();
            a.mov(r9, rax);
            Guest.EnterUser(a);
        });
        ulong[] registers = guest.Cpu.GetRegisters().General.ToArray();
        Assert.Equal(ExceptionVector.InvalidOpcode, guest.Vector);
        Assert.InRange(registers[9], (ulong)leaf + 1, leaf + 0x100ul);
        Assert.Equal((ulong)count * registers[9], registers[8]);
    }

    [Theory]
    [InlineData(0, 0x8000_0010UL)]
    [InlineData(0, 0x2000_0011UL)]
    [InlineData(0, 0x1_8000_0011UL)]
    [InlineData(3, 0x1000UL | 1UL << 52)]
    [InlineData(4, 0x40000UL)]
    [InlineData(4, 0x40020UL | 1UL << 30)]
    [InlineData(8, 16UL)]
    public void ControlRegister_ImpossibleValue_IsGeneralProtection(int register, ulong value)
    {
        using Guest guest = new(engine, apics: static (_, signals) => new FakeApic(signals));
        guest.Run(a =>
        {
            a.mov(rax, value);
            switch (register)
            {
                case 0: a.mov(cr0, rax); break;
                case 3: a.mov(cr3, rax); break;
                case 4: a.mov(cr4, rax); break;
                default: a.mov(cr8, rax); break;
            }
        });
        AssertGeneralProtection(guest);
    }

    [Fact]
    public void Pcid_SwitchedOnWithOneInUse_IsGeneralProtection()
    {
        using var guest = new Guest(engine);
        guest.Run(a =>
        {
            a.mov(rax, Guest.Pml4 | 0x18);
            a.mov(cr3, rax);
            a.mov(rax, cr4);
            a.or(rax, (int)Cr4.Pcid);
            a.mov(cr4, rax);
        });
        AssertGeneralProtection(guest);
    }

    [Theory]
    [InlineData(Msr.Efer, 1UL << 1)]
    [InlineData(Msr.Efer, Efer.SystemCall)]
    [InlineData(Msr.FsBase, 0x8000_0000_0000UL)]
    [InlineData(Msr.KernelGsBase, 0x8000_0000_0000UL)]
    [InlineData(Msr.Lstar, 0x8000_0000_0000UL)]
    [InlineData(Msr.SysenterEip, 0x8000_0000_0000UL)]
    [InlineData(Msr.Pat, 2UL)]
    [InlineData(0x1234_5678u, 0UL)]
    public void Wrmsr_ImpossibleValue_IsGeneralProtection(uint msr, ulong value)
    {
        using var guest = new Guest(engine);
        guest.Run(a =>
        {
            a.mov(ecx, msr);
            a.mov(eax, (uint)value);
            a.mov(edx, (uint)(value >> 32));
            a.wrmsr();
        });
        AssertGeneralProtection(guest);
    }

    [Fact]
    public void Umip_HidesAllFiveFromUser()
    {
        Action<Assembler>[] hidden = [a => a.sgdt(__[rsp - 16]), a => a.sidt(__[rsp - 16]), a => a.sldt(ax), a => a.str(ax), a => a.smsw(ax)];
        foreach (Action<Assembler> write in hidden)
        {
            using var guest = new Guest(engine);
            CpuRegisters r = guest.Cpu.GetRegisters();
            r.Cr4 |= Cr4.Umip;
            guest.Cpu.SetRegisters(r);
            guest.RunUser(a => write(a));
            AssertGeneralProtection(guest);
        }
    }

    [Fact]
    public void TimeStampDisable_HidesTheCounterFromUser()
    {
        using var guest = new Guest(engine);
        CpuRegisters r = guest.Cpu.GetRegisters();
        r.Cr4 |= Cr4.TimeStampDisable;
        guest.Cpu.SetRegisters(r);
        guest.RunUser(a => a.rdtsc());
        AssertGeneralProtection(guest);
    }

    [Fact]
    public void Syscall_SwitchedOff_IsUndefined()
    {
        using var guest = new Guest(engine);
        CpuRegisters r = guest.Cpu.GetRegisters();
        r.Efer &= ~Efer.SystemCall;
        guest.Cpu.SetRegisters(r);
        guest.RunUser(a => a.syscall());
        Assert.Equal(ExceptionVector.InvalidOpcode, guest.Vector);
    }

    /// <summary>Processors of this kind check the target before they leave the kernel.</summary>
    [Fact]
    public void Sysret_NonCanonicalTarget_FaultsInTheKernel()
    {
        using var guest = new Guest(engine);
        Assert.True(guest.Cpu.TryWriteMsr(Msr.Star, ((Guest.UserData - 11UL) << 48) | ((ulong)Guest.KernelCode << 32)));
        guest.Run(a =>
        {
            a.mov(rcx, 0x8000_0000_0000);
            a.sysretq();
        });
        AssertGeneralProtection(guest);
        Assert.Equal((ulong)Guest.KernelCode, guest.FaultCs);
    }

    [Fact]
    public void Sysenter_AndSysexit_RoundTrip()
    {
        using var guest = new Guest(engine);
        Assert.True(guest.Cpu.TryWriteMsr(Msr.SysenterCs, Guest.KernelCode));
        Assert.True(guest.Cpu.TryWriteMsr(Msr.SysenterEsp, Guest.StackTop - 0x40));
        Assert.True(guest.Cpu.TryWriteMsr(Msr.SysenterEip, 0xE200));
        guest.Assemble(a =>
        {
            a.mov(r15, rsp);
            a.pushfq();
            a.pop(r14);
            a.mov(rdx, Guest.UserCode + 0x100);
            a.mov(rcx, Guest.StackTop - 0x1000);
            a.sysexitq();
        }, 0xE200);
        guest.Assemble(a => a.ud2(), Guest.UserCode + 0x100);
        guest.RunUser(a => a.sysenter());
        CpuRegisters r = guest.Cpu.GetRegisters();
        Assert.Equal((6, Guest.UserCode + 0x100, Guest.StackTop - 0x1000), (guest.Vector, guest.FaultRip, guest.FaultRsp));
        Assert.Equal((Guest.StackTop - 0x40, 0ul), (r.General[15], r.General[14] & RFlags.Interrupt));
        // [SDM2] SYSEXIT: code at +32, stack at +40 of the kernel's selector.
        Assert.Equal(((ulong)(Guest.KernelCode + 32) | 3, (ulong)(Guest.KernelCode + 40) | 3), (guest.FaultCs, guest.FaultSs));
    }

    [Fact]
    public void Sysenter_WithoutSelector_IsGeneralProtection()
    {
        using var guest = new Guest(engine);
        guest.RunUser(a => a.sysenter());
        AssertGeneralProtection(guest);
    }

    [Fact]
    public void Swapgs_ExchangesBases()
    {
        using var guest = new Guest(engine);
        Assert.True(guest.Cpu.TryWriteMsr(Msr.GsBase, Guest.Data));
        Assert.True(guest.Cpu.TryWriteMsr(Msr.KernelGsBase, Guest.Data + 0x1000));
        guest.Write(Guest.Data, 1);
        guest.Write(Guest.Data + 0x1000, 2);
        guest.Run(a =>
        {
            a.mov(rsi, __.gs[0]);
            a.swapgs();
            a.mov(rdi, __.gs[0]);
        });
        CpuRegisters r = guest.Cpu.GetRegisters();
        Assert.Equal((1ul, 2ul), (r.General[6], r.General[7]));
        Assert.True(guest.Cpu.TryReadMsr(Msr.KernelGsBase, out ulong kernel));
        Assert.Equal(Guest.Data, kernel);
    }

    [Fact]
    public void FsGsBase_SwitchedOff_IsUndefined()
    {
        using var guest = new Guest(engine);
        CpuRegisters r = guest.Cpu.GetRegisters();
        r.Cr4 &= ~Cr4.Fsgsbase;
        guest.Cpu.SetRegisters(r);
        guest.Run(a => a.rdfsbase(rax));
        Assert.Equal(ExceptionVector.InvalidOpcode, guest.Vector);
    }

    [Fact]
    public void FsGsBase_FromUser_ReadsAndWrites()
    {
        using var guest = new Guest(engine);
        guest.RunUser(a =>
        {
            a.mov(rax, 0x7FFF_1234_5678);
            a.wrfsbase(rax);
            a.mov(rbx, Guest.Data);
            a.wrgsbase(ebx);
            a.rdfsbase(rsi);
            a.rdgsbase(rdi);
            a.mov(rax, 0x8000_0000_0000);
            a.wrfsbase(rax);
        });
        AssertGeneralProtection(guest);
        CpuRegisters r = guest.Cpu.GetRegisters();
        Assert.Equal((0x7FFF_1234_5678ul, Guest.Data), (r.General[6], r.General[7]));
    }

    [Theory]
    [InlineData(0u, 0u)]
    [InlineData(0u, 2u)]
    [InlineData(0u, 5u)]
    [InlineData(0u, 0x207u)]
    [InlineData(1u, 7u)]
    public void Xsetbv_ImpossibleValue_IsGeneralProtection(uint register, uint value)
    {
        using var guest = new Guest(engine);
        guest.Run(a =>
        {
            a.mov(ecx, register);
            a.mov(eax, value);
            a.xor(edx, edx);
            a.xsetbv();
        });
        AssertGeneralProtection(guest);
    }

    [Fact]
    public void Xsetbv_FromUser_IsGeneralProtection()
    {
        using var guest = new Guest(engine);
        guest.RunUser(a =>
        {
            a.xor(ecx, ecx);
            a.xgetbv();
            a.xsetbv();
        });
        AssertGeneralProtection(guest);
        Assert.Equal(7ul, guest.Cpu.GetRegisters().General[0]);
    }

    [Fact]
    public void Xsave_SwitchedOff_MakesItsInstructionsUndefined()
    {
        foreach (Action<Assembler> write in (Action<Assembler>[])[a => a.xgetbv(), a => a.xsave(__[Guest.Data]), a => a.vaddps(xmm0, xmm1, xmm2)])
        {
            using var guest = new Guest(engine);
            CpuRegisters r = guest.Cpu.GetRegisters();
            r.Cr4 &= ~Cr4.Xsave;
            guest.Cpu.SetRegisters(r);
            guest.Run(a => write(a));
            Assert.Equal(ExceptionVector.InvalidOpcode, guest.Vector);
        }
    }

    [Fact]
    public void Avx_NotInXcr0_IsUndefined()
    {
        using var guest = new Guest(engine);
        guest.Run(a =>
        {
            a.xor(ecx, ecx);
            a.xor(edx, edx);
            a.mov(eax, 3);
            a.xsetbv();
            a.addps(xmm0, xmm1);
            a.vaddps(ymm0, ymm1, ymm2);
        });
        Assert.Equal(ExceptionVector.InvalidOpcode, guest.Vector);
    }

    [Theory]
    [InlineData(1, 512, 0UL)]
    [InlineData(0, 512, 8UL)]
    [InlineData(0, 520, 1UL)]
    [InlineData(0, 24, 0x1_0000UL)]
    public void Xrstor_BadImage_IsGeneralProtection(int misaligned, int place, ulong value)
    {
        using var guest = new Guest(engine);
        guest.Write(Guest.Data + 512, 2);
        guest.Write(Guest.Data + (ulong)place, value);
        guest.Run(a =>
        {
            a.mov(eax, 7);
            a.xor(edx, edx);
            a.xrstor(__[(long)Guest.Data + misaligned]);
        });
        AssertGeneralProtection(guest);
    }
}

public sealed class InterpretedPrivilegeTests() : PrivilegeTests(GuestEngine.Interpreter);

public sealed class TranslatedPrivilegeTests() : PrivilegeTests(GuestEngine.Translator);

public sealed class DirectPrivilegeTests() : PrivilegeTests(GuestEngine.Direct);

public sealed class RelocatedPrivilegeTests() : PrivilegeTests(GuestEngine.Relocated);
