namespace Berth.Devices.Virtio;

/// <summary>What holds a disk's bytes. Called from one thread at a time; errors are IOExceptions.</summary>
public interface IBlockBackend
{
    /// <summary>Bytes, a multiple of 512.</summary>
    long Length { get; }

    /// <summary>Whether writes are refused.</summary>
    bool IsReadOnly { get; }

    /// <summary>Fills all of <paramref name="destination"/>; the range lies inside the disk.</summary>
    void Read(long offset, Span<byte> destination);

    /// <summary>Writes all of <paramref name="source"/>; the range lies inside the disk.</summary>
    void Write(long offset, ReadOnlySpan<byte> source);

    /// <summary>Returns once all that was written is on stable storage.</summary>
    void Flush();

    /// <summary>The content of the range no longer matters; with <paramref name="zero"/> it must read as zeros.</summary>
    void Discard(long offset, long length, bool zero);
}
