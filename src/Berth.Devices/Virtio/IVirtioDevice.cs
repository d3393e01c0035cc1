namespace Berth.Devices.Virtio;

/// <summary>What one kind of virtio device knows; rings, negotiation and interrupts belong to the transport.</summary>
/// <remarks>The transport calls with its lock held, from one thread at a time. Guests' mistakes are never exceptions.</remarks>
public interface IVirtioDevice
{
    /// <summary>Device id. [VIRTIO] 5</summary>
    int DeviceId { get; }

    /// <summary>PCI class code, 24 bits.</summary>
    uint ClassCode { get; }

    /// <summary>Device features offered, bits 0 to 23.</summary>
    ulong Features { get; }

    /// <summary>Largest size of each queue.</summary>
    IReadOnlyList<ushort> QueueSizes { get; }

    /// <summary>Told once by its transport.</summary>
    void Connect(IVirtioHost host);

    /// <summary>Reads device configuration; <paramref name="destination"/> comes zeroed.</summary>
    void ReadConfig(int offset, Span<byte> destination);

    /// <summary>Writes device configuration.</summary>
    void WriteConfig(int offset, ReadOnlySpan<byte> source);

    /// <summary>The driver is ready and has accepted these features.</summary>
    void Start(ulong features);

    /// <summary>Forgets all requests.</summary>
    void Reset();

    /// <summary>Serves a queue: some requests at a time, answering true if it stopped before the queue was empty.</summary>
    bool Process(int queue);
}
