namespace Berth.Machine;

/// <summary>Takes message-signalled interrupts to the processors: from MSI-X devices and from the IOAPIC. Any thread. Spec: [SDM3] 11.11.</summary>
public interface IMessageInterrupts
{
    /// <summary>One write of <paramref name="data"/> to <paramref name="address"/> in the 0xFEE00000 range; other addresses are dropped.</summary>
    void Send(ulong address, uint data);

    /// <summary>A lasting way for one message that will be sent often; null where <see cref="Send"/> is as good.</summary>
    IMessageRoute? Connect(ulong address, uint data) => null;
}
