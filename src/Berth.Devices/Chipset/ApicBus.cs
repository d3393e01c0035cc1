using Berth.Machine;

namespace Berth.Devices.Chipset;

/// <summary>What connects local APICs with each other, with the IOAPIC and with message-signalled interrupts. Spec: [SDM3] 11.11.</summary>
public sealed class ApicBus : IMessageInterrupts
{
    /// <summary>Destination that names every processor.</summary>
    internal const uint Everyone = 0xFFFF_FFFF;

    private const ulong MessageBase = 0xFEE0_0000, MessageMask = 0xFFF0_0000;
    private readonly Lock _gate = new();
    private volatile LocalApic[] _apics = [];
    private int _rotation;

    /// <summary>Told the vector of each level-triggered interrupt that a processor ends; the IOAPIC listens here.</summary>
    public Action<byte>? EndOfInterrupt { get; set; }

    /// <summary>Local APICs by order of joining.</summary>
    public IReadOnlyList<LocalApic> LocalApics => _apics;

    internal void Add(LocalApic apic)
    {
        lock (_gate) _apics = [.. _apics, apic];
    }

    /// <inheritdoc/>
    public void Send(ulong address, uint data)
    {
        if ((address & ~0xF_FFFFUL) != (MessageBase & MessageMask)) return;
        // Bits 11:5 carry destination bits 14:8 for guests told of extended destination ids; x2APIC broadcast stays 0xFF.
        uint destination = (uint)(address >> 12) & 0xFF, extended = (uint)(address >> 5) & 0x7F;
        destination = destination == 0xFF && extended == 0 ? Everyone : destination | extended << 8;
        bool logical = (address & 4) != 0;
        var mode = (DeliveryMode)((data >> 8) & 7);
        // Redirection hint with a logical destination asks for one of the set.
        if (mode == DeliveryMode.Fixed && (address & 0xC) == 0xC) mode = DeliveryMode.LowestPriority;
        Deliver(new ApicMessage(destination, logical, mode, (byte)data, (data & 0x8000) != 0), except: null);
    }

    /// <summary>Delivers to every local APIC named; true if there was one.</summary>
    internal bool Deliver(in ApicMessage message, LocalApic? except)
    {
        if (message.Mode == DeliveryMode.LowestPriority) return DeliverLowest(in message);
        bool any = false;
        foreach (LocalApic apic in _apics)
        {
            if (apic == except || !apic.Matches(message.Destination, message.Logical)) continue;
            apic.Accept(message.Mode, message.Vector, message.Level);
            any = true;
        }
        return any;
    }

    // Equal priorities take turns.
    private bool DeliverLowest(in ApicMessage message)
    {
        LocalApic[] apics = _apics;
        LocalApic? best = null;
        uint start = (uint)Interlocked.Increment(ref _rotation);
        for (uint i = 0; i < apics.Length; i++)
        {
            LocalApic apic = apics[(start + i) % (uint)apics.Length];
            if (!apic.IsEnabled || !apic.Matches(message.Destination, message.Logical)) continue;
            if (best is null || apic.ProcessorPriority < best.ProcessorPriority) best = apic;
        }
        best?.Accept(DeliveryMode.Fixed, message.Vector, message.Level);
        return best is not null;
    }

    internal void Ended(byte vector) => EndOfInterrupt?.Invoke(vector);
}
