using Berth.Cpu.Interpreter;
using Berth.Machine;

namespace Berth.Cpu.LockStep;

/// <summary>The leader's side: passes everything on to the real devices and writes down what was asked and answered.</summary>
internal sealed class Recorder(VirtualMachineConfig real, Queue<LockStepEvent> log) : Tap
{
    /// <summary>Whether the machine runs; what is set up before reaches both processors by other ways.</summary>
    public bool Records { get; set; }

    public Core? Core { get; set; }

    public ILocalApic? Apic { get; set; }

    public override int PendingVector => Apic?.PendingVector ?? -1;

    public override bool AcceptsExternalInterrupts => Apic?.AcceptsExternalInterrupts ?? true;

    public override ulong TscFrequency => real.Clock.TscFrequency;

    public override ulong BootTime => real.Clock.BootTime;

    public override int Acknowledge() => Apic?.Acknowledge() ?? -1;

    /// <summary>An upper bound of the instructions that the leader has run.</summary>
    public ulong Instructions => Core is { } core ? Count(core) : 0;

    protected override ulong Ask(EventKind kind, ulong place, ulong value)
    {
        ulong answer = Do(kind, place, value);
        if (Records) log.Enqueue(new(kind, place, value, answer, null, Instructions));
        return answer;
    }

    // SAFETY: the state block lives as long as its core.
    private static unsafe ulong Count(Core core) => core.S->Instructions + core.Translated;

    private ulong Do(EventKind kind, ulong place, ulong value)
    {
        (ulong address, int size) = Parts(place);
        switch (kind)
        {
            case EventKind.PortRead: return real.Ports.Read((ushort)address, size);
            case EventKind.PortWrite: real.Ports.Write((ushort)address, size, (uint)value); return 0;
            case EventKind.DeviceRead: return real.Mmio.Read(address, size);
            case EventKind.DeviceWrite: real.Mmio.Write(address, size, value); return 0;
            case EventKind.Time: return real.Clock.ReadTsc();
        }
        ILocalApic apic = Apic ?? throw new InvalidOperationException($"{kind} without a local APIC.");
        switch (kind)
        {
            case EventKind.ApicRead: return apic.ReadMmio((int)place);
            case EventKind.ApicWrite: apic.WriteMmio((int)place, (uint)value); return 0;
            case EventKind.ApicRegisterRead: return apic.TryReadRegister((int)place, out ulong read) ? read : ulong.MaxValue;
            case EventKind.ApicRegisterWrite: return apic.TryWriteRegister((int)place, value) ? 1UL : 0;
            case EventKind.ApicBase: return apic.BaseMsr;
            case EventKind.ApicBaseWrite: return apic.TryWriteBaseMsr(value) ? 1UL : 0;
            case EventKind.TaskPriority: return apic.TaskPriority;
            case EventKind.TaskPriorityWrite: apic.TaskPriority = (byte)value; return 0;
            case EventKind.Deadline: return apic.TscDeadline;
            case EventKind.DeadlineWrite: apic.TscDeadline = value; return 0;
            default: apic.Reset(); return 0;
        }
    }
}
