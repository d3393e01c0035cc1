namespace Berth.Machine;

/// <summary>A processor's local APIC as the software CPU uses it; a backend with an APIC of its own never calls this. Spec: [SDM3] 11.</summary>
public interface ILocalApic
{
    /// <summary>IA32_APIC_BASE. The setter answers false where the value must raise #GP.</summary>
    ulong BaseMsr { get; }

    /// <summary>Writes IA32_APIC_BASE; false = #GP.</summary>
    bool TryWriteBaseMsr(ulong value);

    /// <summary>Vector that may be delivered now (above the processor priority), without taking it; -1 if none.</summary>
    int PendingVector { get; }

    /// <summary>Takes the deliverable vector in service; -1 if none is left.</summary>
    int Acknowledge();

    /// <summary>Whether LINT0 lets the 8259's INTR through (ExtINT, unmasked) or the APIC is off.</summary>
    bool AcceptsExternalInterrupts { get; }

    /// <summary>CR8: bits 7:4 of the task priority register.</summary>
    byte TaskPriority { get; set; }

    /// <summary>Reads x2APIC MSR 0x800 + <paramref name="register"/>; false = #GP.</summary>
    bool TryReadRegister(int register, out ulong value);

    /// <summary>Writes x2APIC MSR 0x800 + <paramref name="register"/>; false = #GP.</summary>
    bool TryWriteRegister(int register, ulong value);

    /// <summary>Reads the xAPIC page; any size, as the bus saw it.</summary>
    uint ReadMmio(int offset);

    /// <summary>Writes a register of the xAPIC page.</summary>
    void WriteMmio(int offset, uint value);

    /// <summary>IA32_TSC_DEADLINE, in guest TSC ticks; 0 = disarmed.</summary>
    ulong TscDeadline { get; set; }

    /// <summary>Reset by INIT: all but the APIC ID and base.</summary>
    void Reset();

    /// <summary>All of its state in the form that backends share.</summary>
    ApicSnapshot Save();

    /// <summary>Replaces all of its state; the timer goes on from the saved count.</summary>
    void Load(ApicSnapshot snapshot);
}
