using Berth.Machine;

namespace Berth.Devices.Chipset;

/// <summary>Port 0x80: the POST code, and the port that kernels write for a short delay.</summary>
public sealed class DebugPort : IPortDevice
{
    /// <summary>The last code written.</summary>
    public byte State { get; set; }

    /// <summary>Puts the port on the bus.</summary>
    public void Attach(PortBus bus)
    {
        ArgumentNullException.ThrowIfNull(bus);
        bus.Add(new(0x80, 1), this);
    }

    /// <inheritdoc/>
    public uint ReadPort(int offset, int size) => State;

    /// <inheritdoc/>
    public void WritePort(int offset, int size, uint value) => State = (byte)value;
}
