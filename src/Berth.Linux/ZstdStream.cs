using System.Runtime.InteropServices;

namespace Berth.Linux;

/// <summary>Decompresses zstd frames as they are read, by the system's libzstd.so.1. Throws <see cref="InvalidDataException"/> on
/// corrupt or truncated input, or when a frame asks for a window above 128 MiB.</summary>
public sealed partial class ZstdStream : Stream
{
    private const string Library = "libzstd.so.1";
    private const int ZSTD_d_windowLogMax = 100;

    private struct Buffer
    {
        public nint Address;
        public nuint Size, Position;
    }

    private readonly Stream _source;
    private readonly bool _leaveOpen;
    private readonly byte[] _input = new byte[128 * 1024];
    private int _inputStart, _inputEnd;
    private nint _context;
    private bool _frameOpen, _sourceEnded;

    /// <summary>Reads compressed bytes from <paramref name="source"/>.</summary>
    public ZstdStream(Stream source, bool leaveOpen = false)
    {
        _source = source;
        _leaveOpen = leaveOpen;
        _context = ZSTD_createDStream();
        if (_context == 0) throw new InvalidOperationException("libzstd: no memory for a decompression context");
        ThrowIfError(ZSTD_DCtx_setParameter(_context, ZSTD_d_windowLogMax, 27));
    }

    /// <summary>Whether libzstd is installed.</summary>
    public static bool IsAvailable => NativeLibrary.TryLoad(Library, out _);

    /// <inheritdoc/>
    public override bool CanRead => _context != 0;
    /// <inheritdoc/>
    public override bool CanSeek => false;
    /// <inheritdoc/>
    public override bool CanWrite => false;
    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();
    /// <inheritdoc/>
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer)
    {
        ObjectDisposedException.ThrowIf(_context == 0, this);
        if (buffer.IsEmpty) return 0;
        while (true)
        {
            if (_inputStart == _inputEnd && !_sourceEnded)
            {
                _inputStart = 0;
                _inputEnd = _source.Read(_input, 0, _input.Length);
                _sourceEnded = _inputEnd == 0;
            }
            if (Decompress(buffer, out int count)) return count;
        }
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_context == 0, this);
        if (buffer.IsEmpty) return 0;
        while (true)
        {
            if (_inputStart == _inputEnd && !_sourceEnded)
            {
                _inputStart = 0;
                _inputEnd = await _source.ReadAsync(_input, cancellationToken).ConfigureAwait(false);
                _sourceEnded = _inputEnd == 0;
            }
            if (Decompress(buffer.Span, out int count)) return count;
        }
    }

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override void Flush() { }
    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();
    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (_context != 0) _ = ZSTD_freeDStream(_context);
        _context = 0;
        if (disposing && !_leaveOpen) _source.Dispose();
        base.Dispose(disposing);
    }

    // True when the caller has an answer: some output, or the end of the data.
    private unsafe bool Decompress(Span<byte> output, out int produced)
    {
        // SAFETY: both spans are pinned for the call and the library is told their sizes.
        fixed (byte* source = _input, target = output)
        {
            Buffer to = new() { Address = (nint)target, Size = (nuint)output.Length };
            Buffer from = new() { Address = (nint)source, Size = (nuint)_inputEnd, Position = (nuint)_inputStart };
            if (!_frameOpen && _inputStart == _inputEnd)
            {
                produced = 0;
                return _sourceEnded;
            }
            nuint hint = ZSTD_decompressStream(_context, ref to, ref from);
            ThrowIfError(hint);
            _inputStart = (int)from.Position;
            produced = (int)to.Position;
            _frameOpen = hint != 0;
            if (produced == 0 && _sourceEnded && _inputStart == _inputEnd && _frameOpen)
                throw new InvalidDataException("The zstd data is truncated.");
            return produced > 0;
        }
    }

    private static void ThrowIfError(nuint result)
    {
        if (ZSTD_isError(result) != 0)
            throw new InvalidDataException($"The zstd data is not valid: {Marshal.PtrToStringUTF8(ZSTD_getErrorName(result))}");
    }

    [LibraryImport(Library)]
    private static partial nint ZSTD_createDStream();

    [LibraryImport(Library)]
    private static partial nuint ZSTD_freeDStream(nint context);

    [LibraryImport(Library)]
    private static partial nuint ZSTD_DCtx_setParameter(nint context, int parameter, int value);

    [LibraryImport(Library)]
    private static partial nuint ZSTD_decompressStream(nint context, ref Buffer output, ref Buffer input);

    [LibraryImport(Library)]
    private static partial uint ZSTD_isError(nuint code);

    [LibraryImport(Library)]
    private static partial nint ZSTD_getErrorName(nuint code);
}
