using System.Buffers.Binary;
using Berth.Cpu.State;
using Berth.Machine;
using Berth.X86;

namespace Berth.Cpu.Tests.Oracle;

/// <summary>A software CPU in 64-bit user mode whose pages lie at the host oracle's addresses.</summary>
internal sealed unsafe class GuestProcessor : IDisposable
{
    // Guest-physical layout: tables at 4 KiB, then the pages of the oracle from 1 MiB.
    private const ulong Tables = 0x1000, Pages = 0x10_0000;

    /// <summary>Added to an address, it gives another of the same page, beyond what an instruction can hold.</summary>
    public const ulong Far = 0x2AUL << 39;

    private readonly GuestMemory _memory = new(4 << 20);
    private readonly SoftwareMachine _machine;

    /// <summary>With more than one processor, only the first exists: code is generated as for several.</summary>
    /// <param name="translate">Whether hot code is translated.</param>
    /// <param name="cpus">How many processors the machine has.</param>
    /// <param name="direct">Whether user code is run directly, by <see cref="RunToFault"/>.</param>
    public GuestProcessor(bool translate = false, int cpus = 1, bool direct = false)
    {
        var config = new VirtualMachineConfig { Memory = _memory, Ports = new PortBus(), Mmio = new MmioBus(), Clock = new GuestClock(TimeProvider.System), CpuCount = cpus };
        _machine = (SoftwareMachine)new SoftwareHypervisor(translate, direct ? _memory : null).CreateMachine(config);
        Cpu = (SoftwareCpu)_machine.CreateCpu();
        if (Cpu.Core.Translator is { } translator) (translator.Threshold, translator.Links) = (0, false);
        const ulong user = PageEntry.Present | PageEntry.Writable | PageEntry.User;
        Entry(Tables + (8 * (HostProcessor.Base >> 39)), (Tables + 0x1000) | user);
        Entry(Tables + (8 * ((HostProcessor.Base + Far) >> 39)), (Tables + 0x1000) | user);
        Entry(Tables + 0x1000 + (8 * ((HostProcessor.Base >> 30) & 511)), (Tables + 0x2000) | user);
        Entry(Tables + 0x2000, (Tables + 0x3000) | user);
        for (ulong i = 0; i < 0x60; i++) Entry(Tables + 0x3000 + (i * 8), (Pages + (i << 12)) | user);
        CpuRegisters r = Cpu.GetRegisters();
        r.Cr0 = Cr0.ProtectionEnable | Cr0.Paging | Cr0.NumericError | Cr0.WriteProtect | Cr0.MonitorCoprocessor | Cr0.ExtensionType;
        r.Cr4 = Cr4.PhysicalAddressExtension | Cr4.Fxsr | Cr4.SimdExceptions | Cr4.Xsave | Cr4.Fsgsbase;
        r.Efer = Efer.LongModeEnable | Efer.LongModeActive | Efer.NoExecute | Efer.SystemCall;
        r.Cr3 = Tables;
        r.Xcr0 = 7;
        const SegmentAttributes data = SegmentAttributes.Present | SegmentAttributes.NonSystem | SegmentAttributes.WritableOrReadable | SegmentAttributes.Accessed
            | (SegmentAttributes)(3 << 5);
        for (int i = 0; i < 6; i++) r.Segments[i] = new Segment { Selector = 0x2B, Limit = uint.MaxValue, Attributes = data | SegmentAttributes.Big };
        r.Segments[(int)SegmentName.Cs] = new Segment { Selector = 0x33, Limit = uint.MaxValue, Attributes = data | SegmentAttributes.Code | SegmentAttributes.Long };
        if (direct)
        {
            foreach (SegmentName name in (SegmentName[])[SegmentName.Ds, SegmentName.Es, SegmentName.Fs, SegmentName.Gs]) r.Segments[(int)name] = r.Segments[(int)name] with { Selector = 0 };
            Cpu.Core.Direct?.IsAlways = true;
        }
        // No IDT: any fault ends in a triple fault, which the test reports with the vector.
        r.Idt = new(0, 0);
        r.Gdt = new(0, 0);
        _start = r;
        Cpu.SetRegisters(r);
    }

    private readonly CpuRegisters _start;

    public SoftwareCpu Cpu { get; }

    /// <summary>RIP and CR2 after the last run.</summary>
    public ulong Rip { get; private set; }

    public ulong FaultAddress { get; private set; }

    public Span<byte> CodeMemory => _memory.Span(Pages, 0x10000);

    public Span<byte> Memory => _memory.Span(Pages + (HostProcessor.Data - HostProcessor.Base), HostProcessor.DataSize);

    public Span<byte> StackMemory => _memory.Span(Pages + (HostProcessor.Stack - HostProcessor.Base), HostProcessor.StackSize);

    /// <summary>Puts code at an offset of the code page.</summary>
    public void WriteCode(int offset, ReadOnlySpan<byte> code) => _memory.Write(Pages + (ulong)offset, code);

    /// <summary>Runs from <paramref name="address"/> until RIP is <paramref name="end"/>; gives the vector of a fault or -1.</summary>
    public int Run(MachineState state, ulong address, ulong end, int limit)
    {
        Enter(state, address);
        CpuState* s = Cpu.Core.S;
        int fault = -1;
        while (s->Rip != end && limit-- > 0)
        {
            StopReason stop = Cpu.Core.Run(1);
            if (stop == StopReason.None) continue;
            fault = Cpu.Core.LastVector;
            break;
        }
        if (limit < 0) fault = -2;
        Leave(state);
        if (fault != -1) Cpu.SetRegisters(_start);
        return fault;
    }

    /// <summary>Runs until the first fault and gives its vector; RIP then is that of the fault.</summary>
    public int RunToFault(MachineState state, ulong address)
    {
        Enter(state, address);
        Cpu.Core.Direct?.EnteredUser();
        Cpu.Core.Run();
        int fault = Cpu.Core.LastVector;
        Leave(state);
        Cpu.SetRegisters(_start);
        return fault;
    }

    private void Enter(MachineState state, ulong address)
    {
        CpuState* s = Cpu.Core.S;
        for (int i = 0; i < 16; i++) s->Registers[i] = state.General[i];
        State.Flags.SetStatus(s, state.Flags);
        s->SystemFlags = (state.Flags & ~RFlags.Status) | RFlags.Fixed | RFlags.Interrupt;
        Cpu.Core.SystemFlagsChanged();
        s->Rip = address;
        state.Extended.CopyTo(new Span<byte>(s->Xsave, 832));
    }

    private void Leave(MachineState state)
    {
        CpuState* s = Cpu.Core.S;
        for (int i = 0; i < 16; i++) state.General[i] = s->Registers[i];
        state.Flags = State.Flags.All(s);
        new Span<byte>(s->Xsave, 832).CopyTo(state.Extended);
        BinaryPrimitives.WriteUInt64LittleEndian(state.Extended.AsSpan(512), 7);
        (Rip, FaultAddress) = (s->Rip, s->Cr2);
    }

    private void Entry(ulong address, ulong value)
    {
        Span<byte> raw = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(raw, value);
        _memory.Write(address, raw);
    }

    public void Dispose()
    {
        _machine.Dispose();
        _memory.Dispose();
    }
}
