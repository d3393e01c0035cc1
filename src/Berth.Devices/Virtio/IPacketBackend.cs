namespace Berth.Devices.Virtio;

/// <summary>The other end of a network card's wire: a tap, a switch, a test peer.</summary>
public interface IPacketBackend
{
    /// <summary>Sends one Ethernet frame without checksum; must not block. False where it was dropped.</summary>
    bool Send(ReadOnlySpan<byte> frame);

    /// <summary>Takes the next frame for the guest; 0 if none waits. Frames that do not fit are dropped.</summary>
    int TryReceive(Span<byte> frame);

    /// <summary>Told by the backend when frames wait. Set by the card.</summary>
    Action? FramesArrived { get; set; }
}
