using Berth.Guest.Protocol;

namespace Berth.Guest;

/// <summary>A process in a machine. One reader for each output stream and one writer at a time; unread output stops the process, not the channel.</summary>
public sealed class GuestProcess
{
    private readonly GuestChannel _channel;
    private readonly OutputQueue[] _output = [new(), new()];
    private readonly TaskCompletionSource<uint> _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<GuestExit> _exited = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource _granted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _credit = FrameHeader.Window;

    internal GuestProcess(GuestChannel channel, uint id)
    {
        (_channel, Id) = (channel, id);
        // Whoever does not wait for them leaves no unobserved exception behind when the channel breaks.
        _ = _exited.Task.ContinueWith(static task => task.Exception, TaskScheduler.Default);
        _ = _started.Task.ContinueWith(static task => task.Exception, TaskScheduler.Default);
    }

    /// <summary>Its number on the channel.</summary>
    public uint Id { get; }

    /// <summary>Its process id as the agent sees it.</summary>
    public int Pid { get; internal set; }

    /// <summary>How it ended; output may still be unread then. Fails when the channel breaks before.</summary>
    public Task<GuestExit> Exited => _exited.Task;

    internal Task<uint> Started => _started.Task;

    internal bool IsOver => _exited.Task.IsCompleted && _output[0].Ended && _output[1].Ended;

    /// <summary>Reads output, waiting for some; 0 is its end.</summary>
    public async ValueTask<int> ReadAsync(GuestOutput stream, Memory<byte> buffer, CancellationToken cancellation = default)
    {
        if (buffer.IsEmpty)
        {
            return 0;
        }
        (int count, int grant) = await _output[(int)stream - 1].ReadAsync(buffer, cancellation);
        if (grant > 0 && !_channel.IsBroken)
        {
            await _channel.SendAsync(FrameType.Credit, (byte)stream, Id, new PayloadWriter().UInt32((uint)grant).Written, cancellation);
        }
        return count;
    }

    /// <summary>Writes all of <paramref name="input"/>, at the pace the process reads; what it no longer reads is dropped.</summary>
    public async Task WriteAsync(ReadOnlyMemory<byte> input, CancellationToken cancellation = default)
    {
        while (!input.IsEmpty && !_exited.Task.IsCompleted)
        {
            Task granted = Volatile.Read(ref _granted).Task; // before the credit: what comes in between must not be missed
            int allowed = Volatile.Read(ref _credit);
            if (allowed == 0)
            {
                await granted.WaitAsync(cancellation);
                continue;
            }
            int count = Math.Min(Math.Min(allowed, input.Length), FrameHeader.MaxPayload);
            Interlocked.Add(ref _credit, -count);
            await _channel.SendAsync(FrameType.Input, 0, Id, input[..count], cancellation);
            input = input[count..];
        }
    }

    /// <summary>Ends its input once everything written was read.</summary>
    public Task CloseInputAsync(CancellationToken cancellation = default) => _channel.SendAsync(FrameType.InputEnd, 0, Id, default, cancellation);

    /// <summary>Sends it a signal; nothing happens when it has ended.</summary>
    public Task SignalAsync(int signal, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(signal, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(signal, 64);
        return _channel.SendAsync(FrameType.Signal, 0, Id, new PayloadWriter().UInt32((uint)signal).Written, cancellation);
    }

    /// <summary>Changes the size of its terminal.</summary>
    public Task ResizeAsync(int rows, int columns, CancellationToken cancellation = default) =>
        _channel.SendAsync(FrameType.Resize, 0, Id, new PayloadWriter().UInt16(rows).UInt16(columns).Written, cancellation);

    internal void OnStarted(uint pid) => _started.TrySetResult(pid);

    internal void OnOutput(int stream, byte[] part) => _output[stream - 1].Add(part);

    internal void OnOutputEnd(int stream) => _output[stream - 1].End();

    internal void OnCredit(uint count)
    {
        if (count > FrameHeader.Window || Interlocked.Add(ref _credit, (int)count) > FrameHeader.Window)
        {
            throw new GuestProtocolException("more input credit than a window");
        }
        Wake();
    }

    internal void OnExited(GuestExit exit)
    {
        _exited.TrySetResult(exit);
        Wake();
    }

    /// <summary>The guest refused it, or the channel broke.</summary>
    internal void OnError(Exception error)
    {
        _started.TrySetException(error);
        _exited.TrySetException(error);
        _output[0].End(error);
        _output[1].End(error);
        Wake();
    }

    private void Wake() =>
        Interlocked.Exchange(ref _granted, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
}
