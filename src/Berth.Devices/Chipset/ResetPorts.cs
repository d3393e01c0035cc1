using Berth.Machine;

namespace Berth.Devices.Chipset;

/// <summary>The ways to reset a PC: the keyboard controller's pulse (port 0x64), fast A20 (0x92) and the reset control register (0xCF9).
/// Of the keyboard controller nothing else is there; the FADT says so.</summary>
/// <remarks>Port 0xCF9 lies among the PCI ports: the host bridge passes it on.</remarks>
public sealed class ResetPorts(IMachinePower power) : IPortDevice
{
    private const byte PulseReset = 0xFE, FullReset = 0x04, FastReset = 0x01, A20 = 0x02;

    /// <summary>Everything the guest can see.</summary>
    public record struct Registers(byte ResetControl, byte FastA20);

    /// <summary>All of the state.</summary>
    public Registers State { get; set; } = new(0, A20);

    /// <summary>Power-on state: A20 is enabled.</summary>
    public void Reset() => State = new(0, A20);

    /// <summary>Puts ports 0x60, 0x64 and 0x92 on the bus.</summary>
    public void Attach(PortBus bus)
    {
        ArgumentNullException.ThrowIfNull(bus);
        bus.Add(new(0x60, 1), new KeyboardPort(this, command: false));
        bus.Add(new(0x64, 1), new KeyboardPort(this, command: true));
        bus.Add(new(0x92, 1), this);
    }

    /// <summary>Port 0xCF9.</summary>
    public byte ReadResetControl() => State.ResetControl;

    /// <summary>Port 0xCF9: setting bit 2 resets.</summary>
    public void WriteResetControl(byte value)
    {
        State = State with { ResetControl = (byte)(value & 0x0A) };
        if ((value & FullReset) != 0) power.Reset();
    }

    /// <inheritdoc/>
    public uint ReadPort(int offset, int size) => State.FastA20;

    /// <inheritdoc/>
    public void WritePort(int offset, int size, uint value)
    {
        State = State with { FastA20 = (byte)(value & A20) };
        if ((value & FastReset) != 0) power.Reset();
    }

    private sealed class KeyboardPort(ResetPorts owner, bool command) : IPortDevice
    {
        // Status 0: no data, ready for a command.
        public uint ReadPort(int offset, int size) => 0;

        public void WritePort(int offset, int size, uint value)
        {
            if (command && (byte)value == PulseReset) owner.Pulse();
        }
    }

    private void Pulse() => power.Reset();
}
