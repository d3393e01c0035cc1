namespace Berth.Linux.Tracing;

/// <summary>Memory that a <see cref="StubProcess"/> shares with its tracer: cells that its code reads and writes, a table that it reads, and code that
/// it runs. The tracer may write all of it while the process is stopped.</summary>
public sealed unsafe class StubWindow : IDisposable
{
    /// <summary>Bytes of each part. The table lies at a multiple of its length.</summary>
    public const int CellsLength = 4096, TableLength = 1 << 19, CodeLength = 3 << 20;

    private const int CellsOffset = 2 * 4096, TableOffset = 1 << 19, CodeOffset = 1 << 20;

    /// <summary>Where it ends, from the beginning of what is the process's own.</summary>
    internal const int End = CodeOffset + CodeLength;

    private readonly ulong _place;
    private readonly byte* _bytes;

    internal StubWindow(FileDescriptor file, ulong place)
    {
        _place = place;
        _bytes = (byte*)Libc.Map(file, 0, End, Libc.PROT_READ | Libc.PROT_WRITE, Libc.MAP_SHARED);
    }

    /// <summary>Offsets, lengths and PROT_* of what the process has mapped.</summary>
    internal static IReadOnlyList<(int Offset, int Length, int Rights)> Parts { get; } =
    [
        (CellsOffset, CellsLength, Libc.PROT_READ | Libc.PROT_WRITE),
        (TableOffset, TableLength, Libc.PROT_READ),
        (CodeOffset, CodeLength, Libc.PROT_READ | Libc.PROT_EXEC),
    ];

    /// <summary>Addresses in the process.</summary>
    public ulong CellsAddress => _place + CellsOffset;

    public ulong TableAddress => _place + TableOffset;

    public ulong CodeAddress => _place + CodeOffset;

    public Span<ulong> Cells => new(_bytes + CellsOffset, CellsLength / sizeof(ulong));

    public Span<ulong> Table => new(_bytes + TableOffset, TableLength / sizeof(ulong));

    public Span<byte> Code => new(_bytes + CodeOffset, CodeLength);

    public void Dispose() => Libc.Unmap((nint)_bytes, End);
}
