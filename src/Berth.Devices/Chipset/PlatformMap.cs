namespace Berth.Devices.Chipset;

/// <summary>Where the machine's fixed devices lie; the firmware tables are made from this.</summary>
public static class PlatformMap
{
    /// <summary>ISA line and IOAPIC pin of the system control interrupt; level-triggered, active high.</summary>
    public const int SciIrq = 9;

    /// <summary>First port of the ACPI fixed hardware (<see cref="AcpiPm"/>).</summary>
    public const ushort AcpiPort = 0x600;

    /// <summary>Start of PCI configuration space in memory, 1 MiB per bus.</summary>
    public const ulong EcamBase = 0xE000_0000;

    /// <summary>Buses that it covers.</summary>
    public const int EcamBuses = 1;

    /// <summary>Window for 32-bit BARs.</summary>
    public const ulong PciMemoryStart = 0xC000_0000;

    /// <summary>End of the window for 32-bit BARs, exclusive.</summary>
    public const ulong PciMemoryEnd = 0xE000_0000;

    /// <summary>Window for 64-bit BARs: the upper half of 40 address bits; RAM must end below.</summary>
    public const ulong PciHighStart = 0x80_0000_0000;

    /// <summary>End of the window for 64-bit BARs, exclusive.</summary>
    public const ulong PciHighEnd = 0x100_0000_0000;

    /// <summary>Ports for I/O BARs.</summary>
    public const ushort PciPortStart = 0xC000;

    /// <summary>IOAPIC pin of PCI INTA of device 0; the pins of all devices rotate over four from here.</summary>
    public const int PciFirstPin = 16;

    /// <summary>IOAPIC pin of a PCI interrupt pin (0 = INTA) of a device on bus 0.</summary>
    public static int PciPin(int device, int interruptPin) => PciFirstPin + ((device + interruptPin) & 3);
}
