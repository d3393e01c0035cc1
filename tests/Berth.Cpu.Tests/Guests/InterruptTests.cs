using Berth.Machine;
using Berth.X86;
using static Iced.Intel.AssemblerRegisters;

namespace Berth.Cpu.Tests.Guests;

public abstract class InterruptTests(GuestEngine engine)
{
    private Guest Create(out FakeApic apic)
    {
        FakeApic? made = null;
        var guest = new Guest(engine, apics: (_, signals) => made = new FakeApic(signals));
        apic = made!;
        return guest;
    }

    [Fact]
    public void Pending_WithInterruptsOff_WaitsForStiAndItsShadow()
    {
        using Guest guest = Create(out FakeApic apic);
        apic.Request(0x30);
        guest.Run(a =>
        {
            a.mov(ecx, 1);
            a.sti();
            a.mov(ecx, 2);
            a.mov(ecx, 3);
        });
        Assert.Equal(0x30, guest.Vector);
        Assert.Equal(2ul, guest.Cpu.GetRegisters().General[1]);
        Assert.NotEqual(0ul, guest.FaultFlags & RFlags.Interrupt);
    }

    [Fact]
    public void StiHlt_WakesAndReturnsBehindHlt()
    {
        using Guest guest = Create(out FakeApic apic);
        guest.Assemble(a =>
        {
            a.mov(edx, 5);
            a.iretq();
        }, 0xE300);
        guest.Gate(0x31, 0xE300);
        guest.Assemble(a =>
        {
            a.sti();
            a.hlt();
            a.mov(ecx, edx);
            a.cli();
            a.hlt();
        });
        var thread = new Thread(() => guest.Cpu.Run());
        thread.Start();
        apic.Request(0x31);
        Assert.True(Ended(thread, guest));
        Assert.Equal(5ul, guest.Cpu.GetRegisters().General[1]);
    }

    [Fact]
    public void TaskPriority_HoldsLowVectorsBack()
    {
        using Guest guest = Create(out FakeApic apic);
        guest.Run(a =>
        {
            a.mov(eax, 5);
            a.mov(cr8, rax);
            a.mov(rbx, cr8);
        });
        apic.Request(0x35);
        Assert.Equal(-1, apic.PendingVector);
        Assert.Equal(5ul, guest.Cpu.GetRegisters().General[3]);
    }

    [Fact]
    public void Nmi_IsTakenWithInterruptsOffAndMaskedUntilIret()
    {
        using Guest guest = Create(out _);
        var button = new NmiButton((SoftwareCpu)guest.Cpu);
        guest.Ports.Add(new(0x10, 1), button);
        guest.Assemble(a =>
        {
            a.inc(edx);
            a.@out(0x10, al);
            a.nop();
            // How many handlers have begun when this one ends.
            a.shl(rcx, 8);
            a.add(rcx, rdx);
            a.iretq();
        }, 0xE400);
        guest.Gate(2, 0xE400);
        guest.Run(a =>
        {
            a.xor(ecx, ecx);
            a.xor(edx, edx);
            a.@out(0x10, al);
            a.nop();
        });
        Assert.Equal(0x01_02_03ul, guest.Cpu.GetRegisters().General[1]);
    }

    // The first comes with interrupts off, two more while its handlers run.
    private sealed class NmiButton(SoftwareCpu cpu) : IPortDevice
    {
        private int _presses;

        public uint ReadPort(int offset, int size) => 0;

        public void WritePort(int offset, int size, uint value)
        {
            if (_presses++ < 3) cpu.RaiseNmi();
        }
    }

    [Fact]
    public void ApicPage_IsReachedThroughPaging()
    {
        using Guest guest = Create(out _);
        guest.Map(0x28_0000, 0xFEE0_0000 | Guest.Rw);
        guest.Run(a =>
        {
            a.mov(rbx, 0x28_0000);
            a.mov(eax, __[rbx + 0x20]);
            a.mov(__dword_ptr[rbx + 0x300], 0x32);
            a.sti();
            a.nop();
            a.nop();
        });
        Assert.Equal(0x32, guest.Vector);
        Assert.Equal(0xA000_0020ul, guest.Cpu.GetRegisters().General[0]);
    }

    [Fact]
    public void Wrmsr_RefusedByTheApic_IsGeneralProtection()
    {
        using Guest guest = Create(out _);
        guest.Run(a =>
        {
            a.mov(ecx, (int)Msr.X2ApicFirst + 2);
            a.wrmsr();
        });
        Assert.Equal((ExceptionVector.GeneralProtection, 0ul), ((byte)guest.Vector, guest.ErrorCode));
    }

    [Fact]
    public void Kick_MakesRunReturn()
    {
        using Guest guest = Create(out _);
        guest.Assemble(a =>
        {
            a.sti();
            a.hlt();
        });
        CpuExit exit = default;
        var thread = new Thread(() => exit = guest.Cpu.Run());
        thread.Start();
        guest.Cpu.Kick();
        Assert.True(Ended(thread, guest));
        Assert.Equal(CpuExitReason.Kicked, exit.Reason);
    }

    /// <summary>Whether the processor has stopped by itself; the guest's memory goes with the test, so that it must have stopped in any case.</summary>
    private static bool Ended(Thread thread, Guest guest)
    {
        if (thread.Join(TimeSpan.FromSeconds(30))) return true;
        guest.Cpu.Kick();
        thread.Join();
        return false;
    }
}

public sealed class InterpretedInterruptTests() : InterruptTests(GuestEngine.Interpreter);

public sealed class TranslatedInterruptTests() : InterruptTests(GuestEngine.Translator);

public sealed class DirectInterruptTests() : InterruptTests(GuestEngine.Direct);

public sealed class RelocatedInterruptTests() : InterruptTests(GuestEngine.Relocated);
