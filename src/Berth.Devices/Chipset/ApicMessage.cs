namespace Berth.Devices.Chipset;

/// <summary>Delivery mode of an interrupt message. Spec: [SDM3] 11.6.1.</summary>
public enum DeliveryMode
{
    /// <summary>To all processors named, with the vector.</summary>
    Fixed = 0,

    /// <summary>To the one of them with the lowest priority.</summary>
    LowestPriority = 1,

    /// <summary>System management interrupt; not delivered.</summary>
    Smi = 2,

    /// <summary>Non-maskable interrupt.</summary>
    Nmi = 4,

    /// <summary>Processor reset into wait-for-SIPI.</summary>
    Init = 5,

    /// <summary>Start-up IPI.</summary>
    Startup = 6,

    /// <summary>The 8259 pair gives the vector.</summary>
    ExternalInterrupt = 7,
}

/// <summary>One message on the way to local APICs.</summary>
/// <param name="Destination">APIC id or logical set; 0xFFFFFFFF is everyone.</param>
/// <param name="Logical">Whether the destination is logical.</param>
/// <param name="Mode">What to do there.</param>
/// <param name="Vector">Vector, for the modes that have one.</param>
/// <param name="Level">Level-triggered: the receiver's EOI is told to the IOAPIC.</param>
internal readonly record struct ApicMessage(uint Destination, bool Logical, DeliveryMode Mode, byte Vector, bool Level);
