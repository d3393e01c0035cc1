using Berth.Cpu.Tests.Guests;
using Berth.Devices.Chipset;
using Berth.Devices.Timing;
using Berth.Kvm.Tests.Guests;
using Berth.Machine;
using Berth.X86;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Berth.Kvm.Tests;

/// <summary>A guest that is stopped on one backend goes on on another.</summary>
public sealed class SnapshotTests
{
    private const int Timer = 0x44;
    private const ulong Handler = 0xE300, Counter = Guest.Data, Apic = 0x28_0000;

    public static TheoryData<string, string> Ways
    {
        get
        {
            string[] engines = ["interpreter", "translator", "kvm"];
            TheoryData<string, string> ways = [];
            foreach (string from in engines)
                foreach (string to in engines) ways.Add(from, to);
            return ways;
        }
    }

    private sealed class Machine : IDisposable
    {
        private readonly DeviceTimers _timers = new(new GuestClock(TimeProvider.System));
        private readonly ApicBus _bus = new();

        public Machine(string engine)
        {
            GuestEngine chosen = engine switch { "interpreter" => GuestEngine.Interpreter, "translator" => GuestEngine.Translator, _ => KvmEngine.Instance };
            Guest = new Guest(chosen, apics: (index, signals) => new LocalApic(index, signals, _bus, _timers));
            _timers.Start();
        }

        public Guest Guest { get; }

        public void Dispose()
        {
            Guest.Dispose();
            _timers.Dispose();
        }
    }

    // What the guest computes with must survive; what it has set up must work.
    private static void Write(Guest guest)
    {
        guest.Map(Apic, 0xFEE0_0000 | Guest.Rw);
        guest.Assemble(a =>
        {
            a.inc(__qword_ptr[Counter]);
            a.mov(r8, Apic);
            a.mov(__dword_ptr[r8 + 0xB0], 0);
            a.iretq();
        }, Handler);
        guest.Gate(Timer, Handler);
        guest.Assemble(a =>
        {
            a.mov(r8, Apic);
            a.mov(__dword_ptr[r8 + 0xF0], 0x1FF);
            a.mov(__dword_ptr[r8 + 0x3E0], 0xB);
            a.mov(__dword_ptr[r8 + 0x320], Timer);
            a.mov(eax, unchecked((int)Msr.Lstar));
            a.mov(ecx, eax);
            a.mov(eax, 0x1234_5000);
            a.mov(edx, 0x0000_7000);
            a.wrmsr();
            a.mov(eax, 0x55);
            a.mov(__qword_ptr[Counter + 16], 0x77);
            a.stc();
            a.@out(0x50, al);
            // The other backend begins here.
            a.setc(cl);
            a.movzx(r9, cl);
            a.mov(__dword_ptr[r8 + 0x380], 10_000);
            Label again = a.CreateLabel(), done = a.CreateLabel();
            a.Label(ref again);
            a.cli();
            a.cmp(__qword_ptr[Counter], 1);
            a.jae(done);
            a.sti();
            a.hlt();
            a.jmp(again);
            a.Label(ref done);
            a.mov(ecx, unchecked((int)Msr.Lstar));
            a.rdmsr();
            a.hlt();
        });
    }

    private sealed class Stopper(IVirtualCpu cpu) : IPortDevice
    {
        public uint ReadPort(int offset, int size) => 0;

        public void WritePort(int offset, int size, uint value) => cpu.Kick();
    }

    private static void CopyMemory(Guest from, Guest to) => Assert.True(to.Memory.Write(0, from.Memory.Span(0, (int)from.Memory.Size)));

    [Theory]
    [MemberData(nameof(Ways))]
    public void RunningGuest_GoesOnElsewhere(string from, string to)
    {
        using Machine first = new(from), second = new(to);
        first.Guest.Ports.Add(new(0x50, 1), new Stopper(first.Guest.Cpu));
        Write(first.Guest);
        byte[] state = new byte[CpuModel.XsaveSize];
        first.Guest.Cpu.GetExtendedState(state);
        for (int i = 160; i < 416; i++) state[i] = (byte)i;
        first.Guest.Cpu.SetExtendedState(state);
        Assert.Equal(CpuExitReason.Kicked, first.Guest.Cpu.Run().Reason);
        CpuSnapshot snapshot = first.Guest.Cpu.Save();

        CopyMemory(first.Guest, second.Guest);
        second.Guest.Cpu.Load(snapshot);
        AssertEqual(snapshot, second.Guest.Cpu.Save());
        Assert.Equal(CpuExitReason.Halted, second.Guest.Cpu.Run().Reason);
        CpuRegisters r = second.Guest.Cpu.GetRegisters();
        Assert.Equal((1ul, 0x77ul, -1), (second.Guest.Read(Counter), second.Guest.Read(Counter + 16), second.Guest.Vector));
        Assert.Equal((1ul, 0x1234_5000ul, 0x7000ul), (r.General[9], r.General[0], r.General[2]));
        byte[] after = new byte[CpuModel.XsaveSize];
        second.Guest.Cpu.GetExtendedState(after);
        Assert.Equal(state[160..416], after[160..416]);
    }

    // Stopped in HLT, with the timer still to come: it must neither wake early nor sleep for ever.
    [Theory]
    [MemberData(nameof(Ways))]
    public void HaltedGuest_IsWokenElsewhereByItsTimer(string from, string to)
    {
        using Machine first = new(from), second = new(to);
        Write(first.Guest);
        first.Guest.Assemble(a =>
        {
            a.mov(r8, Apic);
            a.mov(__dword_ptr[r8 + 0xF0], 0x1FF);
            a.mov(__dword_ptr[r8 + 0x3E0], 0xB);
            a.mov(__dword_ptr[r8 + 0x320], Timer);
            // Longer than the way there, in nanoseconds.
            a.mov(__dword_ptr[r8 + 0x380], 500_000_000);
            a.mov(__qword_ptr[Counter + 8], 1);
            a.sti();
            a.hlt();
            a.mov(rcx, __[Counter]);
            a.cli();
            a.hlt();
        });
        var thread = new Thread(() => first.Guest.Cpu.Run());
        thread.Start();
        Assert.True(SpinWait.SpinUntil(() => first.Guest.Read(Counter + 8) == 1, TimeSpan.FromSeconds(30)));
        CpuSnapshot snapshot;
        do
        {
            first.Guest.Cpu.Kick();
            thread.Join();
            snapshot = first.Guest.Cpu.Save();
            thread = new Thread(() => first.Guest.Cpu.Run());
            if (snapshot.Activity != CpuActivity.Halted) thread.Start();
        }
        while (snapshot.Activity != CpuActivity.Halted);

        CopyMemory(first.Guest, second.Guest);
        second.Guest.Cpu.Load(snapshot);
        Assert.Equal(CpuActivity.Halted, second.Guest.Cpu.Save().Activity);
        Assert.Equal(CpuExitReason.Halted, second.Guest.Cpu.Run().Reason);
        Assert.Equal((1ul, -1), (second.Guest.Cpu.GetRegisters().General[1], second.Guest.Vector));
    }

    // All but what moves on by itself.
    private static void AssertEqual(CpuSnapshot expected, CpuSnapshot actual)
    {
        CpuRegisters a = expected.Registers, b = actual.Registers;
        Assert.Equal(a.General, b.General);
        Assert.Equal((a.Rip, a.Flags, a.Cr0, a.Cr2, a.Cr3, a.Cr4, a.Cr8, a.Efer, a.Xcr0), (b.Rip, b.Flags, b.Cr0, b.Cr2, b.Cr3, b.Cr4, b.Cr8, b.Efer, b.Xcr0));
        Assert.Equal((a.Gdt, a.Idt), (b.Gdt, b.Idt));
        Assert.Equal(a.Segments, b.Segments);
        Assert.Equal(expected.ExtendedState[160..], actual.ExtendedState[160..]);
        Assert.Equal((expected.Activity, expected.NmiPending, expected.NmiMasked, expected.Event), (actual.Activity, actual.NmiPending, actual.NmiMasked, actual.Event));
        foreach ((uint index, ulong value) in expected.Msrs.Where(msr => msr.Index is not Msr.Tsc))
        {
            (uint Index, ulong Value) there = actual.Msrs.FirstOrDefault(msr => msr.Index == index);
            if (there.Index == index) Assert.Equal((index, value), there);
            else Assert.Equal((index, 0ul), (index, value));
        }
        Assert.Equal(expected.Apic!.BaseMsr, actual.Apic!.BaseMsr);
        foreach (int register in (int[])[0x20, 0x80, 0xD0, 0xE0, 0xF0, 0x320, 0x350, 0x360, 0x380, 0x3E0])
            Assert.Equal((register, BitConverter.ToUInt32(expected.Apic.Page, register)), (register, BitConverter.ToUInt32(actual.Apic.Page, register)));
    }
}
