using Berth.Machine;

namespace Berth.Cpu.LockStep;

/// <summary>Stands between a processor and everything that could tell two of them different things. All of it comes down to
/// <see cref="Ask"/>; how interrupts become known is left to the two ends.</summary>
internal abstract class Tap : IPortDevice, IMmioDevice, ILocalApic, IGuestClock
{
    /// <summary>Does or replays one exchange and gives its answer.</summary>
    protected abstract ulong Ask(EventKind kind, ulong place, ulong value = 0);

    public abstract int PendingVector { get; }

    public abstract int Acknowledge();

    public abstract bool AcceptsExternalInterrupts { get; }

    public abstract ulong TscFrequency { get; }

    public abstract ulong BootTime { get; }

    public uint ReadPort(int offset, int size) => (uint)Ask(EventKind.PortRead, Place((ulong)offset, size));

    public void WritePort(int offset, int size, uint value) => Ask(EventKind.PortWrite, Place((ulong)offset, size), value);

    public ulong ReadMmio(ulong offset, int size) => Ask(EventKind.DeviceRead, Place(offset, size));

    public void WriteMmio(ulong offset, int size, ulong value) => Ask(EventKind.DeviceWrite, Place(offset, size), value);

    public ulong BaseMsr => Ask(EventKind.ApicBase, 0);

    public bool TryWriteBaseMsr(ulong value) => Ask(EventKind.ApicBaseWrite, 0, value) != 0;

    public byte TaskPriority
    {
        get => (byte)Ask(EventKind.TaskPriority, 0);
        set => Ask(EventKind.TaskPriorityWrite, 0, value);
    }

    public bool TryReadRegister(int register, out ulong value)
    {
        value = Ask(EventKind.ApicRegisterRead, (ulong)register);
        return value != ulong.MaxValue;
    }

    public bool TryWriteRegister(int register, ulong value) => Ask(EventKind.ApicRegisterWrite, (ulong)register, value) != 0;

    public uint ReadMmio(int offset) => (uint)Ask(EventKind.ApicRead, (ulong)offset);

    public void WriteMmio(int offset, uint value) => Ask(EventKind.ApicWrite, (ulong)offset, value);

    public ulong TscDeadline
    {
        get => Ask(EventKind.Deadline, 0);
        set => Ask(EventKind.DeadlineWrite, 0, value);
    }

    public void Reset() => Ask(EventKind.ApicReset, 0);

    public ApicSnapshot Save() => throw new InvalidOperationException("Only the machine's own APIC is saved.");

    public void Load(ApicSnapshot snapshot) => throw new InvalidOperationException("Only the machine's own APIC is loaded.");

    public ulong ReadTsc() => Ask(EventKind.Time, 0);

    public ulong NanosecondsAt(ulong tsc) => tsc;

    // Sizes are powers of two up to 8, and no address has its upper byte in use.
    private static ulong Place(ulong address, int size) => address | ((ulong)size << 56);

    protected static (ulong Address, int Size) Parts(ulong place) => (place & (ulong.MaxValue >> 8), (int)(place >> 56));
}
