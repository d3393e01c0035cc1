using Berth.Cpu.Tests.Guests;
using Berth.Devices.Chipset;
using Berth.Kvm.Tests.Guests;
using Berth.Machine;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Berth.Kvm.Tests;

/// <summary>KVM's local APIC with interrupt controllers of ours, eventfds in both directions, and the log of written pages.</summary>
public sealed class InterruptTests
{
    private const ulong Apic = 0x28_0000, HandlerAt = 0xE300, SpuriousVector = 0x1FF;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    // Lets the APIC in, and has a handler count in Data and end the interrupt.
    private static void Prepare(Guest guest, int vector, Action<Assembler>? body = null)
    {
        guest.Map(Apic, 0xFEE0_0000 | Guest.Rw);
        guest.Assemble(a =>
        {
            a.inc(__qword_ptr[Guest.Data]);
            body?.Invoke(a);
            a.mov(r8, Apic);
            a.mov(__dword_ptr[r8 + 0xB0], 0);
            a.iretq();
        }, HandlerAt);
        guest.Gate(vector, HandlerAt);
    }

    private static void EnableApic(Assembler a)
    {
        a.mov(r8, Apic);
        a.mov(__dword_ptr[r8 + 0xF0], (int)SpuriousVector);
    }

    // Sleeps until the handler has run so many times.
    private static void WaitFor(Assembler a, int count)
    {
        Label again = a.CreateLabel(), done = a.CreateLabel();
        a.Label(ref again);
        a.cli();
        a.cmp(__qword_ptr[Guest.Data], count);
        a.jae(done);
        a.sti();
        a.hlt();
        a.jmp(again);
        a.Label(ref done);
        a.nop();
    }

    [Fact]
    public void ApicTimer_OneShot_InterruptsHlt()
    {
        using var guest = new Guest(KvmEngine.Instance);
        Prepare(guest, 0x40);
        CpuExit exit = guest.Run(a =>
        {
            EnableApic(a);
            a.mov(__dword_ptr[r8 + 0x3E0], 0xB);
            a.mov(__dword_ptr[r8 + 0x320], 0x40);
            a.mov(__dword_ptr[r8 + 0x380], 100_000);
            WaitFor(a, 1);
        });
        Assert.Equal((CpuExitReason.Halted, 1ul), (exit.Reason, guest.Read(Guest.Data)));
    }

    private sealed class Trigger(Action<uint> act) : IPortDevice
    {
        public uint ReadPort(int offset, int size) => 0;

        public void WritePort(int offset, int size, uint value) => act(value);
    }

    [Fact]
    public void Message_ReachesTheProcessor()
    {
        using var guest = new Guest(KvmEngine.Instance);
        Prepare(guest, 0x41);
        guest.Ports.Add(new(0x500, 1), new Trigger(_ => guest.Machine.Interrupts!.Send(0xFEE0_0000, 0x41)));
        guest.Run(a =>
        {
            EnableApic(a);
            a.mov(edx, 0x500);
            a.@out(dx, al);
            WaitFor(a, 1);
        });
        Assert.Equal(1ul, guest.Read(Guest.Data));
    }

    // The end of a level-triggered interrupt must come back to our IOAPIC, which sends it again while the wire is up.
    [Fact]
    public void LevelTriggeredPin_InterruptsUntilItsWireIsDown()
    {
        if (KvmEngine.IsPageTableBased) Assert.Skip("This host's KVM has no hardware behind it: it does not report the end of level-triggered interrupts");
        IoApic? ioApic = null;
        using var guest = new Guest(KvmEngine.Instance, endOfInterrupt: vector => ioApic!.EndOfInterrupt(vector));
        ioApic = new IoApic(guest.Machine.Interrupts!, guest.Machine.Interrupts);
        guest.Mmio.Add(IoApic.DefaultAddress, IoApic.Length, ioApic);
        guest.Map(0x29_0000, IoApic.DefaultAddress | Guest.Rw);
        guest.Ports.Add(new(0x500, 1), new Trigger(level => ioApic.SetPin(5, level != 0)));
        // The third handler lowers the wire.
        Prepare(guest, 0x42, a =>
        {
            Label keep = a.CreateLabel();
            a.cmp(__qword_ptr[Guest.Data], 3);
            a.jb(keep);
            a.mov(edx, 0x500);
            a.xor(eax, eax);
            a.@out(dx, al);
            a.Label(ref keep);
            a.nop();
        });
        guest.Run(a =>
        {
            EnableApic(a);
            a.mov(r9, 0x29_0000);
            a.mov(__dword_ptr[r9], 0x10 + 2 * 5);
            a.mov(__dword_ptr[r9 + 0x10], 0x8042);
            a.mov(edx, 0x500);
            a.mov(eax, 1);
            a.@out(dx, al);
            WaitFor(a, 3);
            // Nothing more may come.
            a.sti();
            a.nop();
            a.nop();
            a.cli();
        });
        Assert.Equal(3ul, guest.Read(Guest.Data));
        Assert.Equal(0ul, ioApic.State.Entries[5] & (1 << 14));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Pic_InterruptsThroughLint0_AlsoWhenItComesWhileTheyAreOff(bool early)
    {
        Guest? made = null;
        var pic = new Pic(() => made?.Machine.ExternalInterruptChanged());
        using var guest = new Guest(KvmEngine.Instance, pic: pic);
        made = guest;
        pic.Attach(guest.Ports);
        guest.Ports.Add(new(0x500, 1), new Trigger(level => pic.SetLine(3, level != 0)));
        guest.Assemble(a =>
        {
            a.inc(__qword_ptr[Guest.Data]);
            a.mov(edx, 0x500);
            a.xor(eax, eax);
            a.@out(dx, al);
            a.mov(al, 0x20);
            a.@out(0x20, al);
            a.iretq();
        }, HandlerAt);
        guest.Gate(0x23, HandlerAt);
        guest.Map(Apic, 0xFEE0_0000 | Guest.Rw);
        guest.Assemble(a =>
        {
            EnableApic(a);
            a.mov(__dword_ptr[r8 + 0x350], 0x700);
            foreach ((byte port, byte value) in ((byte, byte)[])[(0x20, 0x11), (0x21, 0x20), (0x21, 4), (0x21, 1), (0x21, 0xF7)])
            {
                a.mov(al, value);
                a.@out(port, al);
            }
            if (early)
            {
                a.mov(edx, 0x500);
                a.mov(al, 1);
                a.@out(dx, al);
            }
            a.mov(__qword_ptr[Guest.Data + 8], 1);
            WaitFor(a, 1);
            a.hlt();
        });
        CpuExit exit = default;
        var thread = new Thread(() => exit = guest.Cpu.Run());
        thread.Start();
        if (!early)
        {
            Assert.True(SpinWait.SpinUntil(() => guest.Read(Guest.Data + 8) == 1, s_patience));
            pic.SetLine(3, true);
        }
        Assert.True(thread.Join(s_patience));
        Assert.Equal((CpuExitReason.Halted, 1ul), (exit.Reason, guest.Read(Guest.Data)));
    }

    [Fact]
    public void ConnectedMessage_InterruptsByItsEventfd_UntilItIsGivenBack()
    {
        using var guest = new Guest(KvmEngine.Instance);
        Prepare(guest, 0x43);
        using IMessageRoute other = guest.Machine.Interrupts!.Connect(0xFEE0_0000, 0x44)!;
        IMessageRoute route = guest.Machine.Interrupts!.Connect(0xFEE0_0000, 0x43)!;
        guest.Ports.Add(new(0x500, 1), new Trigger(_ => route.Send()));
        guest.Run(a =>
        {
            EnableApic(a);
            a.mov(edx, 0x500);
            a.@out(dx, al);
            WaitFor(a, 1);
        });
        Assert.Equal(1ul, guest.Read(Guest.Data));
        route.Dispose();
        route.Dispose();
        using IMessageRoute again = guest.Machine.Interrupts!.Connect(0xFEE0_0000, 0x45)!;
    }

    private sealed class Bell : IMmioDevice, IDoorbells
    {
        public Bell() => Doorbells = [(0x10, () => Rings.Release())];

        public SemaphoreSlim Rings { get; } = new(0);

        public int Writes { get; private set; }

        public IReadOnlyList<(ulong Offset, Action Ring)> Doorbells { get; }

        public ulong ReadMmio(ulong offset, int size) => 0;

        public void WriteMmio(ulong offset, int size, ulong value) => Writes++;
    }

    [Fact]
    public void Doorbell_RingsWithoutAnExit_WhereverItsDeviceIs()
    {
        using var guest = new Guest(KvmEngine.Instance);
        var bell = new Bell();
        guest.Map(0x28_0000, 0xD000_0000 | Guest.Rw);
        foreach (ulong start in (ulong[])[0xD000_0000, 0xD000_0100])
        {
            guest.Mmio.Add(start, 0x100, bell);
            guest.Cpu.SetRegisters(Guest.LongMode(0));
            guest.Run(a =>
            {
                a.mov(rbx, 0x28_0000 + (start & 0xFFF));
                a.mov(__word_ptr[rbx + 0x10], ax);
                a.mov(__dword_ptr[rbx + 0x20], eax);
            });
            Assert.True(bell.Rings.Wait(s_patience, TestContext.Current.CancellationToken));
            guest.Mmio.Remove(start);
        }
        Assert.Equal((0, 2), (bell.Rings.CurrentCount, bell.Writes));
    }

    [Fact]
    public void DirtyPages_AreThoseThatTheGuestWrote()
    {
        using var guest = new Guest(KvmEngine.Instance);
        var machine = (KvmMachine)guest.Machine;
        machine.LogDirtyPages(true);
        machine.TakeDirtyPages(0);
        guest.Run(a =>
        {
            a.mov(__byte_ptr[Guest.Data + 0x3_0000], 1);
            a.mov(al, __[Guest.Data + 0x4_0000]);
        });
        ulong[] dirty = machine.TakeDirtyPages(0);
        Assert.True(IsDirty(dirty, Guest.Data + 0x3_0000));
        Assert.False(IsDirty(dirty, Guest.Data + 0x4_0000));
        Assert.All(machine.TakeDirtyPages(0), word => Assert.Equal(0ul, word));
        machine.LogDirtyPages(false);

        static bool IsDirty(ulong[] bits, ulong address) => (bits[address >> 18] >> (int)(address >> 12 & 63) & 1) != 0;
    }

    [Fact]
    public void Clock_IsSetAndRuns()
    {
        using var guest = new Guest(KvmEngine.Instance);
        var machine = (KvmMachine)guest.Machine;
        machine.Clock = 5_000_000_000;
        Assert.InRange(machine.Clock, 5_000_000_000ul, 60_000_000_000ul);
    }
}
