using System.Buffers.Binary;
using System.Diagnostics;
using Berth.Devices.Chipset;
using Berth.Devices.Timing;
using Berth.Machine;
using Berth.X86;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace GuestExits;

/// <summary>A 64-bit guest of a few instructions: it writes a port, runs a body so many times, writes the port again and halts.</summary>
internal sealed class BenchGuest : IDisposable, IPortDevice, IMmioDevice
{
    public const ulong Device = 0xD000_0000, Counter = 0x7000;
    public const byte Vector = 0x40, DevicePort = 0x80;
    private const byte TimePort = 0x81;
    private const ulong Pml4 = 0x1000, Pdpt = 0x2000, Gdt = 0x4000, Idt = 0x5000, Tss = 0x6000, Code = 0x1_0000, Handler = 0x1_8000;

    private readonly GuestMemory _memory = new(4 << 20);
    private readonly DeviceTimers _timers = new(new GuestClock(TimeProvider.System));
    private readonly ApicBus _bus = new();
    private readonly IVirtualMachine _machine;
    private long _start, _end;

    public BenchGuest(IHypervisor hypervisor)
    {
        PortBus ports = new();
        MmioBus mmio = new();
        ports.Add(new(DevicePort, 2), this);
        mmio.Add(Device, 0x1000, this);
        _machine = hypervisor.CreateMachine(new()
        {
            Memory = _memory,
            Ports = ports,
            Mmio = mmio,
            Clock = _timers.Clock,
            LocalApics = (index, signals) => new LocalApic(index, signals, _bus, _timers),
        });
        Cpu = _machine.CreateCpu();
        const ulong entry = PageEntry.Present | PageEntry.Writable;
        Write(Pml4, Pdpt | entry);
        // Four pages of 2 MiB tables each: RAM, devices and the APIC where they are.
        for (ulong gigabyte = 0; gigabyte < 4; gigabyte++)
        {
            ulong table = 0x20_0000 + gigabyte * 0x1000;
            Write(Pdpt + gigabyte * 8, table | entry);
            for (ulong i = 0; i < 512; i++) Write(table + i * 8, (gigabyte << 30 | i << 21) | entry | PageEntry.Large);
        }
        Write(Gdt + 8, 0x00AF_9B00_0000_FFFF);
        Write(Gdt + 16, 0x00CF_9300_0000_FFFF);
        Write(Idt + Vector * 16ul, (Handler & 0xFFFF) | 8ul << 16 | (ulong)(0x80 | SystemType.InterruptGate) << 40 | (Handler >> 16 & 0xFFFF) << 48);
        Write(Idt + Vector * 16ul + 8, 0);
        Assemble(Handler, static a =>
        {
            a.inc(__qword_ptr[Counter]);
            a.mov(__dword_ptr[r8 + 0xB0], 0);
            a.iretq();
        });
    }

    public IVirtualCpu Cpu { get; }

    /// <summary>How many interrupts have been handled.</summary>
    public ulong Handled => Volatile.Read(ref System.Runtime.InteropServices.MemoryMarshal.Cast<byte, ulong>(_memory.Span(Counter, 8))[0]);

    /// <summary>Interrupts the processor.</summary>
    public void Interrupt() => (_machine.Interrupts as IMessageInterrupts ?? _bus).Send(0xFEE0_0000, Vector);

    /// <summary>Runs the body, with RBX at the device and R8 at the APIC, and gives the time of all rounds; null and the reason where the engine cannot.</summary>
    public (TimeSpan Time, string? Error) Run(int rounds, Action<Assembler> body)
    {
        Assemble(Code, a =>
        {
            a.mov(r8, 0xFEE0_0000);
            a.mov(__dword_ptr[r8 + 0xF0], 0x1FF);
            a.mov(rbx, Device);
            a.mov(esi, rounds);
            a.@out(TimePort, al);
            Label top = a.CreateLabel();
            a.Label(ref top);
            body(a);
            a.dec(esi);
            a.jnz(top);
            a.@out(TimePort, al);
            a.cli();
            a.hlt();
        });
        _start = 0;
        Cpu.SetRegisters(Registers());
        CpuExit exit = Cpu.Run();
        return (Stopwatch.GetElapsedTime(_start, _end), exit.Reason == CpuExitReason.Halted ? null : exit.Detail?.Split('\n')[0] ?? exit.Reason.ToString());
    }

    public uint ReadPort(int offset, int size) => 0;

    public void WritePort(int offset, int size, uint value)
    {
        if (offset != TimePort - DevicePort) return;
        if (_start == 0) _start = Stopwatch.GetTimestamp();
        else _end = Stopwatch.GetTimestamp();
    }

    public ulong ReadMmio(ulong offset, int size) => 0;

    public void WriteMmio(ulong offset, int size, ulong value)
    {
    }

    private static CpuRegisters Registers()
    {
        const SegmentAttributes data = SegmentAttributes.Present | SegmentAttributes.NonSystem | SegmentAttributes.WritableOrReadable | SegmentAttributes.Accessed | SegmentAttributes.PageGranular;
        CpuRegisters r = CpuRegisters.AtReset();
        r.Rip = Code;
        r.General[(int)GeneralRegister.Rsp] = 0xA000;
        r.Cr0 = Cr0.ProtectionEnable | Cr0.Paging | Cr0.NumericError | Cr0.WriteProtect | Cr0.ExtensionType;
        r.Cr3 = Pml4;
        r.Cr4 = Cr4.PhysicalAddressExtension | Cr4.Fxsr | Cr4.SimdExceptions;
        r.Efer = Efer.LongModeEnable | Efer.LongModeActive | Efer.NoExecute | Efer.SystemCall;
        r.Gdt = new(Gdt, 0x17);
        r.Idt = new(Idt, 0xFFF);
        r.TaskRegister = new Segment { Base = Tss, Limit = 0x67, Attributes = SegmentAttributes.Present | (SegmentAttributes)SystemType.TssBusy };
        for (int i = 0; i < 6; i++) r.Segments[i] = new Segment { Selector = 16, Limit = uint.MaxValue, Attributes = data | SegmentAttributes.Big };
        r.Segments[(int)SegmentName.Cs] = new Segment { Selector = 8, Limit = uint.MaxValue, Attributes = data | SegmentAttributes.Code | SegmentAttributes.Long };
        return r;
    }

    private void Assemble(ulong at, Action<Assembler> write)
    {
        Assembler a = new(64);
        write(a);
        using MemoryStream stream = new();
        a.Assemble(new StreamCodeWriter(stream), at);
        _memory.Write(at, stream.ToArray());
    }

    private void Write(ulong address, ulong value)
    {
        Span<byte> raw = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(raw, value);
        _memory.Write(address, raw);
    }

    public void Dispose()
    {
        _machine.Dispose();
        _timers.Dispose();
        _memory.Dispose();
    }
}
