using System.Buffers.Binary;
using Berth.Containers.Supervision;
using Berth.Supervisor.Events;
using Berth.Supervisor.Server;

namespace Berth.Supervisor.Streams;

/// <summary>A connection that joined a process's streams.</summary>
internal sealed class AttachClient : IConnectionUser
{
    private const int FrameHeader = 8;
    private readonly EventLoop _loop;
    private readonly Connection _connection;
    private readonly StreamHub _hub;
    private readonly AttachRequest _request;
    private readonly ByteQueue _early = new();
    private LoopTimer? _patience;
    private bool _inputEnded;

    public AttachClient(EventLoop loop, Connection connection, StreamHub hub, AttachRequest request)
    {
        _loop = loop;
        _connection = connection;
        _hub = hub;
        _request = request;
        connection.User = this;
        hub.Add(this);
    }

    public bool FeedsStdin => _request.Stdin;

    public bool IsFull => _connection.Waiting >= StreamHub.MaxWaitingBytes;

    public void Deliver(byte channel, byte[] buffer, int start, int length, bool tty)
    {
        if (!(channel == 2 ? _request.Stderr : _request.Stdout))
            return;
        if (tty)
        {
            _connection.Send(buffer.AsSpan(start, length));
        }
        else
        {
            Span<byte> frame = buffer.AsSpan(start - FrameHeader, FrameHeader + length);
            BinaryPrimitives.WriteUInt32BigEndian(frame, (uint)channel << 24);
            BinaryPrimitives.WriteInt32BigEndian(frame[4..], length);
            _connection.Send(frame);
        }
        if (IsFull && _patience is null)
            Wait();
    }

    public void OnInput(ReadOnlySpan<byte> bytes)
    {
        if (!FeedsStdin)
            return;
        if (_hub.InputReady)
            _hub.Input?.Write(bytes);
        else
            _early.Add(bytes);
        bool full = !_hub.InputReady ? _early.Count >= InputSink.MaxWaitingBytes : _hub.Input?.IsFull == true;
        if (full)
            _connection.Reading = false;
    }

    public void ProcessStarted()
    {
        if (_early.Count > 0)
            _hub.Input?.Write(_early.Span);
        _early.Clear();
        if (_inputEnded)
            EndInput();
        ResumeInput();
    }

    public void ResumeInput()
    {
        if (_hub.Input is not { IsFull: true })
            _connection.Reading = true;
    }

    public void OnInputEnd()
    {
        _inputEnded = true;
        if (_hub.InputReady)
            EndInput();
    }

    public void OnOutputTaken()
    {
        _patience?.Dispose();
        _patience = null;
        if (IsFull)
            Wait();
        else
            _hub.Changed?.Invoke();
    }

    public void OnClosed()
    {
        _patience?.Dispose();
        _hub.Remove(this, inputOpen: !_inputEnded);
    }

    public void Finish() => _connection.Finish();

    private void EndInput()
    {
        if (FeedsStdin && _hub.StdinOnce && _hub.Tty == false)
            _hub.Input?.CloseWhenDrained();
    }

    private void Wait() =>
        _patience = _loop.Schedule(_hub.HasSeveral ? StreamHub.PatienceShared : StreamHub.PatienceAlone, _connection.Close);
}
