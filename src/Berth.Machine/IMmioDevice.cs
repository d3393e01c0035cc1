namespace Berth.Machine;

/// <summary>A device in memory space. It knows offsets into its range, not where the range lies. Called on vCPU threads, several at a time.</summary>
public interface IMmioDevice
{
    /// <summary>Reads <paramref name="size"/> (1, 2, 4 or 8) bytes at an offset; bits above the size are ignored.</summary>
    ulong ReadMmio(ulong offset, int size);

    /// <summary>Writes the low <paramref name="size"/> (1, 2, 4 or 8) bytes of <paramref name="value"/>.</summary>
    void WriteMmio(ulong offset, int size, ulong value);
}
