using System.Net.Sockets;

namespace Berth.Containers.Supervision;

/// <summary>A process's streams: reads give docker's frames (raw bytes for a terminal), writes go to standard input.</summary>
public sealed class AttachStream : Stream
{
    private readonly SupervisorConnection _connection;
    private readonly IAsyncEnumerator<ReadOnlyMemory<byte>>? _log;
    private ReadOnlyMemory<byte> _logRest;
    private bool _logEnded;
    private readonly bool _live;

    internal AttachStream(SupervisorConnection connection, AttachRequest request, SupervisorResponse response)
    {
        _connection = connection;
        _live = request.Stream;
        _log = AttachReplay.Read(request, response);
        _logEnded = _log is null;
    }

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <summary>Half-closes: no more input follows; output is still delivered.</summary>
    public void CompleteInput()
    {
        try
        {
            _connection.Socket.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException)
        {
            // The process and its streams are gone already.
        }
    }

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (!_logEnded && await ReadLogAsync(buffer, cancellationToken) is var copied and > 0)
            return copied;
        if (!_live)
            return 0;
        int buffered = _connection.TakeBuffered(buffer.Span);
        return buffered > 0 || buffer.IsEmpty ? buffered : await _connection.Socket.ReceiveAsync(buffer, SocketFlags.None, cancellationToken);
    }

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => ReadAsync(buffer, offset, count, CancellationToken.None).GetAwaiter().GetResult();

    /// <inheritdoc/>
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (!buffer.IsEmpty)
            buffer = buffer[await _connection.Socket.SendAsync(buffer, SocketFlags.None, cancellationToken)..];
    }

    /// <inheritdoc/>
    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => WriteAsync(buffer, offset, count, CancellationToken.None).GetAwaiter().GetResult();

    /// <inheritdoc/>
    public override void Flush() { }

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _connection.Dispose();
        base.Dispose(disposing);
    }

    private async ValueTask<int> ReadLogAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        while (_logRest.IsEmpty)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!await _log!.MoveNextAsync())
            {
                _logEnded = true;
                await _log.DisposeAsync();
                return 0;
            }
            _logRest = _log.Current;
        }
        int count = Math.Min(buffer.Length, _logRest.Length);
        _logRest[..count].CopyTo(buffer);
        _logRest = _logRest[count..];
        return count;
    }
}
