using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;

namespace Berth.Daemon.Http;

/// <summary>
/// The connection as Kestrel's HTTP layer sees it. A request handler may take the socket over; from then on the HTTP layer reads
/// end-of-file and its writes go nowhere, while the handler owns the real transport in both directions.
/// </summary>
/// <remarks>
/// Kestrel's own upgrade cannot be used: it drops output as soon as the client half-closes, and refuses an upgrade that has a body
/// (exec start). Here the client's half-close is only a signal (<see cref="PeerClosed"/>), as it is in Docker's daemon.
/// </remarks>
internal sealed class HijackableConnection : ConnectionContext, IDuplexPipe
{
    private readonly ConnectionContext _inner;
    private readonly CancellationTokenSource _closed = new();
    private readonly CancellationTokenSource _peerClosed;
    private readonly CancellationTokenRegistration _registration;
    private volatile bool _hijacked;

    public HijackableConnection(ConnectionContext inner, CancellationToken stopping)
    {
        _inner = inner;
        Stopping = stopping;
        _peerClosed = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        _registration = inner.ConnectionClosed.UnsafeRegister(static state => ((HijackableConnection)state!).OnInnerClosed(), this);
        Input = new GatedReader(this, inner.Transport.Input);
        Output = new GatedWriter(this, inner.Transport.Output);
        inner.Features.Set(this);
    }

    /// <summary>Cancelled when the client stops sending (or goes away) or the daemon stops; ends long answers such as events.</summary>
    public CancellationToken PeerClosed => _peerClosed.Token;

    /// <summary>Cancelled when the daemon stops; ends hijacked calls, whose client may have stopped sending long ago.</summary>
    public CancellationToken Stopping { get; }

    /// <summary>True once a handler has taken the socket over.</summary>
    public bool IsHijacked => _hijacked;

    public PipeReader Input { get; }

    public PipeWriter Output { get; }

    public override string ConnectionId { get => _inner.ConnectionId; set => _inner.ConnectionId = value; }

    public override IFeatureCollection Features => _inner.Features;

    public override IDictionary<object, object?> Items { get => _inner.Items; set => _inner.Items = value; }

    public override IDuplexPipe Transport { get => this; set => throw new NotSupportedException(); }

    public override CancellationToken ConnectionClosed { get => _closed.Token; set => throw new NotSupportedException(); }

    public override EndPoint? LocalEndPoint { get => _inner.LocalEndPoint; set => _inner.LocalEndPoint = value; }

    public override EndPoint? RemoteEndPoint { get => _inner.RemoteEndPoint; set => _inner.RemoteEndPoint = value; }

    /// <summary>Hands the raw socket to the caller. The request's body must have been read to its end.</summary>
    public IDuplexPipe Hijack()
    {
        _hijacked = true;
        return _inner.Transport;
    }

    public override void Abort(ConnectionAbortedException abortReason)
    {
        if (!_hijacked)
        {
            _inner.Abort(abortReason);
        }
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await _registration.DisposeAsync();
        _closed.Dispose();
        _peerClosed.Dispose();
    }

    private void OnInnerClosed()
    {
        try
        {
            _peerClosed.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The connection ended at the same moment.
        }
    }

    private sealed class GatedReader(HijackableConnection connection, PipeReader inner) : PipeReader
    {
        public override void AdvanceTo(SequencePosition consumed)
        {
            if (!connection._hijacked)
            {
                inner.AdvanceTo(consumed);
            }
        }

        public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
        {
            if (!connection._hijacked)
            {
                inner.AdvanceTo(consumed, examined);
            }
        }

        public override void CancelPendingRead()
        {
            if (!connection._hijacked)
            {
                inner.CancelPendingRead();
            }
        }

        public override void Complete(Exception? exception = null)
        {
            if (!connection._hijacked)
            {
                inner.Complete(exception);
            }
        }

        public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
            => connection._hijacked ? new(EndOfFile) : inner.ReadAsync(cancellationToken);

        public override bool TryRead(out ReadResult result)
        {
            if (!connection._hijacked)
            {
                return inner.TryRead(out result);
            }
            result = EndOfFile;
            return true;
        }

        private static ReadResult EndOfFile => new(ReadOnlySequence<byte>.Empty, isCanceled: false, isCompleted: true);
    }

    private sealed class GatedWriter(HijackableConnection connection, PipeWriter inner) : PipeWriter
    {
        // Kestrel writes nothing of value after a hijack, yet must be given memory if it asks.
        private byte[]? _discard;

        public override bool CanGetUnflushedBytes => !connection._hijacked && inner.CanGetUnflushedBytes;

        public override long UnflushedBytes => inner.UnflushedBytes;

        public override void Advance(int bytes)
        {
            if (!connection._hijacked)
            {
                inner.Advance(bytes);
            }
        }

        public override void CancelPendingFlush()
        {
            if (!connection._hijacked)
            {
                inner.CancelPendingFlush();
            }
        }

        public override void Complete(Exception? exception = null)
        {
            if (!connection._hijacked)
            {
                inner.Complete(exception);
            }
        }

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
            => connection._hijacked ? new(new FlushResult(isCanceled: false, isCompleted: true)) : inner.FlushAsync(cancellationToken);

        public override Memory<byte> GetMemory(int sizeHint = 0)
            => connection._hijacked ? Discard(sizeHint) : inner.GetMemory(sizeHint);

        public override Span<byte> GetSpan(int sizeHint = 0)
            => connection._hijacked ? Discard(sizeHint) : inner.GetSpan(sizeHint);

        private byte[] Discard(int sizeHint)
            => _discard is { } buffer && buffer.Length >= sizeHint ? buffer : _discard = new byte[Math.Max(sizeHint, 4096)];
    }
}
