namespace Berth.Machine;

/// <summary>A run of I/O ports.</summary>
public readonly record struct PortRange(ushort First, int Count)
{
    /// <summary>Whether <paramref name="port"/> lies in the range.</summary>
    public bool Contains(ushort port) => port >= First && port - First < Count;
}
