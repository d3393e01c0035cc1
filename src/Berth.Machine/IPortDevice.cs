namespace Berth.Machine;

/// <summary>A device on the port bus. It knows offsets into its range, not where the range lies. Called on vCPU threads, several at a time.</summary>
public interface IPortDevice
{
    /// <summary>Reads <paramref name="size"/> (1, 2 or 4) bytes at an offset; bits above the size are ignored.</summary>
    uint ReadPort(int offset, int size);

    /// <summary>Writes the low <paramref name="size"/> (1, 2 or 4) bytes of <paramref name="value"/>.</summary>
    void WritePort(int offset, int size, uint value);
}
