namespace Berth.Machine.Storage;

/// <summary>What a disk device stores its blocks in. Calls may come from several threads; ranges never leave <see cref="Length"/>
/// (<see cref="ArgumentOutOfRangeException"/>). Failures of the host are <see cref="IOException"/>.</summary>
public interface IBlockBackend : IDisposable
{
    /// <summary>Size in bytes, a multiple of <see cref="SectorSize"/>.</summary>
    long Length { get; }

    /// <summary>Whether <see cref="Write"/> and <see cref="Discard"/> are refused.</summary>
    bool IsReadOnly { get; }

    /// <summary>Bytes of the smallest unit a guest addresses.</summary>
    const int SectorSize = 512;

    /// <summary>Fills <paramref name="destination"/> from a byte offset.</summary>
    void Read(long offset, Span<byte> destination);

    /// <summary>Writes at a byte offset; durable only after <see cref="Flush"/>.</summary>
    void Write(long offset, ReadOnlySpan<byte> source);

    /// <summary>Makes everything written so far durable.</summary>
    void Flush();

    /// <summary>The range reads as zeros afterwards, and its room on the host is given back where it can be.</summary>
    void Discard(long offset, long length);
}
