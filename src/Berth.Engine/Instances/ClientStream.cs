namespace Berth.Engine.Instances;

/// <summary>
/// A workload's stream as a client gets it: the detach keys end it, and its end comes only after <paramref name="recorded"/>, so that a client
/// that asks for the exit code right after finds it.
/// </summary>
internal sealed class ClientStream(Stream inner, byte[]? detachKeys, Task? recorded) : Stream
{
    private readonly CancellationTokenSource _detached = new();
    private int _matched;

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_detached.IsCancellationRequested)
            return 0;
        int count;
        if (detachKeys is null)
        {
            count = await inner.ReadAsync(buffer, cancellationToken);
        }
        else
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _detached.Token);
            try
            {
                count = await inner.ReadAsync(buffer, either.Token);
            }
            catch (OperationCanceledException) when (_detached.IsCancellationRequested)
            {
                return 0;
            }
        }
        if (count == 0 && recorded is not null && !buffer.IsEmpty)
            await recorded.WaitAsync(TimeSpan.FromSeconds(10), cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return count;
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (detachKeys is null)
        {
            await inner.WriteAsync(buffer, cancellationToken);
            return;
        }
        var forward = new List<byte>(buffer.Length);
        foreach (byte key in buffer.ToArray())
        {
            if (key == detachKeys[_matched])
            {
                if (++_matched == detachKeys.Length)
                {
                    await inner.WriteAsync(forward.ToArray(), cancellationToken);
                    await _detached.CancelAsync();
                    return;
                }
                continue;
            }
            // What looked like the beginning was ordinary input.
            forward.AddRange(detachKeys.AsSpan(0, _matched));
            _matched = key == detachKeys[0] ? 1 : 0;
            if (_matched == 0)
                forward.Add(key);
        }
        if (forward.Count > 0)
            await inner.WriteAsync(forward.ToArray(), cancellationToken);
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => ReadAsync(buffer, offset, count, CancellationToken.None).GetAwaiter().GetResult();

    public override void Write(byte[] buffer, int offset, int count) => WriteAsync(buffer, offset, count, CancellationToken.None).GetAwaiter().GetResult();

    public override void Flush() { }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
            _detached.Dispose();
        }
        base.Dispose(disposing);
    }
}
