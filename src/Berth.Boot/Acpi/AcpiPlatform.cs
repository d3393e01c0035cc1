namespace Berth.Boot.Acpi;

/// <summary>The hardware as ACPI describes it; the machine wires its devices to the same numbers.</summary>
public sealed record AcpiPlatform
{
    /// <summary>Processors; APIC IDs count from zero.</summary>
    public int CpuCount { get; init; } = 1;

    /// <summary>Guest-physical address of the local APICs.</summary>
    public uint LocalApicAddress { get; init; } = 0xFEE0_0000;

    /// <summary>Guest-physical address of the I/O APIC.</summary>
    public uint IoApicAddress { get; init; } = 0xFEC0_0000;

    /// <summary>Port of PM1a status and enable (4 bytes).</summary>
    public ushort Pm1EventPort { get; init; } = 0x600;

    /// <summary>Port of PM1a control (2 bytes).</summary>
    public ushort Pm1ControlPort { get; init; } = 0x604;

    /// <summary>Port of the 24-bit power-management timer (read as 4 bytes).</summary>
    public ushort PmTimerPort { get; init; } = 0x608;

    /// <summary>Port of GPE0 status and enable (2 bytes each).</summary>
    public ushort GpePort { get; init; } = 0x620;

    /// <summary>Port that resets the machine when <see cref="ResetValue"/> is written.</summary>
    public ushort ResetPort { get; init; } = 0xCF9;

    /// <summary>Value for <see cref="ResetPort"/>.</summary>
    public byte ResetValue { get; init; } = 6;

    /// <summary>SLP_TYP that means power off.</summary>
    public byte SoftOffType { get; init; } = 5;

    /// <summary>System control interrupt: a global interrupt below 16, level-triggered.</summary>
    public byte SciInterrupt { get; init; } = 9;

    /// <summary>Guest-physical address of the PCI configuration window, one MiB per bus.</summary>
    public ulong EcamAddress { get; init; } = 0xE000_0000;

    /// <summary>Buses in the window; 0 for a machine without one.</summary>
    public int EcamBuses { get; init; } = 1;

    /// <summary>Bytes of the PCI configuration window.</summary>
    public ulong EcamLength => (ulong)EcamBuses << 20;

    /// <summary>Whether there is a PCI host bridge.</summary>
    public bool HasPci { get; init; } = true;

    /// <summary>32-bit window for PCI memory, first byte.</summary>
    public uint PciWindow { get; init; } = 0xC000_0000;

    /// <summary>32-bit window for PCI memory, bytes.</summary>
    public uint PciWindowLength { get; init; } = 0x2000_0000;

    /// <summary>64-bit window for PCI memory, first byte; above all RAM.</summary>
    public ulong PciHighWindow { get; init; } = 0x80_0000_0000;

    /// <summary>64-bit window for PCI memory, bytes; 0 for none.</summary>
    public ulong PciHighWindowLength { get; init; } = 0x80_0000_0000;

    /// <summary>Whether COM1 (0x3F8, interrupt 4) is there.</summary>
    public bool HasSerialPort { get; init; } = true;

    /// <summary>Whether the real-time clock (0x70, interrupt 8) is there.</summary>
    public bool HasRealTimeClock { get; init; } = true;

    /// <summary>Global interrupt of a PCI device's INTA to INTD (<paramref name="pin"/> 0 to 3): the inputs 16 to 19, rotated by slot.</summary>
    public static int PciInterrupt(int slot, int pin) => 16 + ((slot + pin) & 3);
}
