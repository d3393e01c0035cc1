using Berth.Machine;

namespace Berth.Cpu.Tests.Guests;

/// <summary>A local APIC that delivers queued vectors and has a task priority, nothing more.</summary>
internal sealed class FakeApic(ICpuSignals signals) : ILocalApic
{
    private readonly Queue<int> _vectors = new();

    public ulong BaseMsr => 0xFEE0_0900;

    public bool TryWriteBaseMsr(ulong value) => true;

    public int PendingVector
    {
        get
        {
            lock (_vectors) return _vectors.TryPeek(out int vector) && vector >> 4 > TaskPriority ? vector : -1;
        }
    }

    public bool AcceptsExternalInterrupts => true;

    public byte TaskPriority { get; set; }

    public ulong TscDeadline { get; set; }

    public void Request(int vector)
    {
        lock (_vectors) _vectors.Enqueue(vector);
        signals.RaiseInterrupt();
    }

    public int Acknowledge()
    {
        lock (_vectors) return PendingVector < 0 ? -1 : _vectors.Dequeue();
    }

    public bool TryReadRegister(int register, out ulong value)
    {
        value = (ulong)register;
        return true;
    }

    public bool TryWriteRegister(int register, ulong value) => register != 2;

    public uint ReadMmio(int offset) => (uint)offset | 0xA000_0000;

    public void WriteMmio(int offset, uint value) => Request((int)value);

    public void Reset()
    {
    }

    public ApicSnapshot Save() => new(BaseMsr, new byte[ApicSnapshot.PageLength]);

    public void Load(ApicSnapshot snapshot) => Assert.Equal(BaseMsr, snapshot.BaseMsr);
}
