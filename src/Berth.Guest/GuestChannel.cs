using System.Collections.Concurrent;
using Berth.Guest.Protocol;

namespace Berth.Guest;

/// <summary>
/// The host's end of the channel to a machine's agent: any byte stream in both directions. Whatever a guest sends can do no more than
/// break its own channel, and no more than a window of each stream is ever held in memory.
/// </summary>
public sealed class GuestChannel : IAsyncDisposable
{
    private readonly Stream _stream;
    private readonly Action<string>? _log;
    private readonly SemaphoreSlim _sending = new(1);
    private readonly ConcurrentDictionary<uint, GuestProcess> _processes = new();
    private readonly ConcurrentDictionary<uint, TaskCompletionSource<GuestStats>> _stats = new();
    private readonly ConcurrentDictionary<uint, TaskCompletionSource> _changes = new();
    private readonly TaskCompletionSource<string> _greeted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private uint _lastId;
    private Exception? _failure;

    private GuestChannel(Stream stream, Action<string>? log) => (_stream, _log) = (stream, log);

    /// <summary>Release of the guest's kernel.</summary>
    public string KernelRelease { get; private set; } = "";

    /// <summary>Ends with the channel: well after a shutdown, else with what broke it.</summary>
    public Task Completion => _completion.Task;

    internal bool IsBroken => _completion.Task.IsCompleted;

    /// <summary>Greets the agent at the other end and waits for its answer; the channel owns the stream from here on.</summary>
    /// <param name="stream">Reads and writes must be able to run at the same time.</param>
    /// <param name="log">Takes the agent's remarks.</param>
    /// <param name="cancellation">Gives up; the stream is closed then.</param>
    public static async Task<GuestChannel> ConnectAsync(Stream stream, Action<string>? log = null, CancellationToken cancellation = default)
    {
        var channel = new GuestChannel(stream, log);
        foreach (Task task in new[] { channel._greeted.Task, channel._ready.Task, channel._completion.Task })
        {
            _ = task.ContinueWith(static ended => ended.Exception, TaskScheduler.Default);
        }
        try
        {
            _ = Task.Run(channel.ReceiveAsync, CancellationToken.None);
            await channel.SendAsync(FrameType.Hello, 0, 0, new PayloadWriter().UInt32(FrameHeader.Magic).UInt32(FrameHeader.Version).Written, cancellation);
            channel.KernelRelease = await channel._greeted.Task.WaitAsync(cancellation);
            return channel;
        }
        catch
        {
            await channel.DisposeAsync();
            throw;
        }
    }

    /// <summary>Makes the machine ready for processes; once.</summary>
    /// <exception cref="GuestException">Something could not be mounted or written; the message says what.</exception>
    public async Task SetUpAsync(GuestSetup setup, CancellationToken cancellation = default)
    {
        await SendAsync(FrameType.SetUp, 0, 0, setup.ToPayload(), cancellation);
        await _ready.Task.WaitAsync(cancellation);
    }

    /// <summary>Starts a process; returns once it became the program.</summary>
    /// <exception cref="GuestException">It cannot be run (126), was not found (127), or the machine failed (125).</exception>
    public Task<GuestProcess> StartAsync(GuestProcessSpec spec, CancellationToken cancellation = default) => StartAsync(FrameType.Start, spec.ToPayload(), cancellation);

    /// <summary>
    /// Has what the processes changed written as the tar of an image layer. It comes as the standard output of a process of the agent's, which ends
    /// with 0 when it was all, and else says on its standard error why not. Whatever comes is the guest's word.
    /// </summary>
    /// <exception cref="GuestException">The root is none that gives a layer, or the main process still runs.</exception>
    public Task<GuestProcess> StartLayerAsync(CancellationToken cancellation = default) => StartAsync(FrameType.Layer, default, cancellation);

    private async Task<GuestProcess> StartAsync(FrameType request, ReadOnlyMemory<byte> payload, CancellationToken cancellation)
    {
        var process = new GuestProcess(this, Interlocked.Increment(ref _lastId));
        _processes[process.Id] = process;
        try
        {
            await SendAsync(request, 0, process.Id, payload, cancellation);
        }
        catch
        {
            _processes.TryRemove(process.Id, out _);
            throw;
        }
        if (_failure is { } failure)
        {
            process.OnError(failure);
        }
        process.Pid = (int)await process.Started.WaitAsync(cancellation);
        return process;
    }

    /// <summary>Asks for the machine's counters.</summary>
    public async Task<GuestStats> GetStatsAsync(CancellationToken cancellation = default)
    {
        uint id = Interlocked.Increment(ref _lastId);
        var answer = new TaskCompletionSource<GuestStats>(TaskCreationOptions.RunContinuationsAsynchronously);
        _stats[id] = answer;
        try
        {
            await SendAsync(FrameType.Stats, 0, id, default, cancellation);
            return await Task.WhenAny(answer.Task, Completion).WaitAsync(cancellation) == answer.Task
                ? await answer.Task
                : throw _failure ?? new GuestProtocolException("the channel ended");
        }
        finally
        {
            _stats.TryRemove(id, out _);
        }
    }

    /// <summary>Has the machine look for a network card that it was given in a slot of its PCI bus, and set it up.</summary>
    /// <exception cref="GuestException">It is not found or cannot be set up; the guest's kernel has let go of it.</exception>
    public Task AddCardAsync(int slot, GuestInterface card, CancellationToken cancellation = default)
    {
        PayloadWriter writer = new PayloadWriter().Byte((byte)slot);
        card.Write(writer);
        return ChangeAsync(FrameType.AddCard, writer, cancellation);
    }

    /// <summary>Has the machine's kernel let go of the device in a slot of its PCI bus; none there is well too.</summary>
    /// <exception cref="GuestException">It refuses.</exception>
    public Task RemoveCardAsync(int slot, CancellationToken cancellation = default) => ChangeAsync(FrameType.RemoveCard, new PayloadWriter().Byte((byte)slot), cancellation);

    /// <summary>Replaces the two files that say who is who on its networks (empty: leaves them), and gives the default routes to the card in a slot; 0 is none.</summary>
    /// <exception cref="GuestException">A file cannot be written, or a gateway is none.</exception>
    public Task ConfigureNetworkAsync(string hosts, string resolver, int slot, IReadOnlyList<string> gateways, CancellationToken cancellation = default) =>
        ChangeAsync(FrameType.ConfigureNetwork, new PayloadWriter().Text(hosts).Text(resolver).Byte((byte)slot).Texts(gateways), cancellation);

    private async Task ChangeAsync(FrameType type, PayloadWriter payload, CancellationToken cancellation)
    {
        uint id = Interlocked.Increment(ref _lastId);
        var answer = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _changes[id] = answer;
        try
        {
            await SendAsync(type, 0, id, payload.Written, cancellation);
            if (await Task.WhenAny(answer.Task, Completion).WaitAsync(cancellation) != answer.Task)
            {
                throw _failure ?? new GuestProtocolException("the channel ended");
            }
            await answer.Task;
        }
        finally
        {
            _changes.TryRemove(id, out _);
        }
    }

    /// <summary>Ends all processes, by SIGKILL after the grace, and the machine; returns when the agent has said goodbye.</summary>
    public async Task ShutdownAsync(TimeSpan grace, CancellationToken cancellation = default)
    {
        await SendAsync(FrameType.Shutdown, 0, 0, new PayloadWriter().UInt32((uint)Math.Clamp(grace.TotalMilliseconds, 0, int.MaxValue)).Written, cancellation);
        await Completion.WaitAsync(cancellation);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Break(new GuestProtocolException("the channel was closed"));
        await _stream.DisposeAsync();
    }

    internal async Task SendAsync(FrameType type, byte flags, uint id, ReadOnlyMemory<byte> payload, CancellationToken cancellation)
    {
        if (payload.Length > FrameHeader.MaxPayload)
        {
            throw new GuestException(125, 7, $"a request of {payload.Length} bytes is too long for the machine: arguments and environment may take {FrameHeader.MaxPayload} bytes");
        }
        byte[] frame = new byte[FrameHeader.Size + payload.Length];
        new FrameHeader(payload.Length, type, flags, id).Write(frame);
        payload.CopyTo(frame.AsMemory(FrameHeader.Size));
        await _sending.WaitAsync(cancellation);
        try
        {
            // Half a frame would be the end of the channel: only waiting for one's turn can be given up.
            await _stream.WriteAsync(frame, CancellationToken.None);
            await _stream.FlushAsync(CancellationToken.None);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            throw _failure ?? new GuestProtocolException("the channel ended", e);
        }
        finally
        {
            _sending.Release();
        }
    }

    private async Task ReceiveAsync()
    {
        try
        {
            byte[] header = new byte[FrameHeader.Size];
            while (true)
            {
                await _stream.ReadExactlyAsync(header);
                FrameHeader frame = FrameHeader.Read(header);
                byte[] payload = new byte[frame.Length];
                await _stream.ReadExactlyAsync(payload);
                if (frame.Type == FrameType.Bye)
                {
                    _completion.TrySetResult();
                    Break(new GuestProtocolException("the machine has shut down"));
                    return;
                }
                Handle(frame, payload);
            }
        }
        catch (EndOfStreamException e)
        {
            Break(new GuestProtocolException("the channel ended without a goodbye: the agent or the machine was killed", e));
        }
        catch (Exception e)
        {
            // Whatever it is, everybody who waits must hear of it.
            Break(e as GuestProtocolException ?? new GuestProtocolException(e.Message, e));
        }
    }

    private void Handle(FrameHeader frame, byte[] payload)
    {
        var reader = new PayloadReader(payload);
        switch (frame.Type)
        {
            case FrameType.Greeting:
                if (reader.ReadUInt32() != FrameHeader.Magic || reader.ReadUInt32() != FrameHeader.Version)
                {
                    throw new GuestProtocolException("the agent speaks another version of the protocol");
                }
                _greeted.TrySetResult(reader.ReadString());
                break;
            case FrameType.Ready:
                _ready.TrySetResult();
                break;
            case FrameType.Started:
                Process(frame).OnStarted(reader.ReadUInt32());
                break;
            case FrameType.Output:
                Process(frame).OnOutput(Stream(frame), payload);
                break;
            case FrameType.OutputEnd:
                Process(frame).OnOutputEnd(Stream(frame));
                Forget(frame);
                break;
            case FrameType.Exited:
                Process(frame).OnExited(new GuestExit((byte)reader.ReadUInt32(), (byte)reader.ReadUInt32(), reader.ReadByte() != 0));
                Forget(frame);
                break;
            case FrameType.InputCredit:
                FindOrPast(frame)?.OnCredit(reader.ReadUInt32());
                break;
            case FrameType.Failed:
                OnFailed(frame, new GuestException((byte)reader.ReadUInt32(), (int)reader.ReadUInt32(), reader.ReadString()));
                break;
            case FrameType.StatsReply:
                if (_stats.TryRemove(frame.Id, out TaskCompletionSource<GuestStats>? answer))
                {
                    answer.TrySetResult(new GuestStats(reader.ReadUInt64(), reader.ReadUInt64(), reader.ReadUInt64(), reader.ReadUInt64(), reader.ReadUInt64(), reader.ReadUInt64()));
                }
                break;
            case FrameType.Done:
                // One that nobody waits for any more came too late.
                if (_changes.TryRemove(frame.Id, out TaskCompletionSource? change))
                {
                    change.TrySetResult();
                }
                break;
            case FrameType.Log:
                _log?.Invoke(PayloadReader.Printable(payload));
                break;
            default:
                throw new GuestProtocolException($"a frame of the unknown type {(byte)frame.Type}");
        }
    }

    private void OnFailed(FrameHeader frame, GuestException error)
    {
        if (frame.Id == 0)
        {
            _log?.Invoke(error.Message);
            _greeted.TrySetException(error);
            _ready.TrySetException(error);
        }
        else if (_changes.TryRemove(frame.Id, out TaskCompletionSource? change))
        {
            change.TrySetException(error);
        }
        else if (FindOrPast(frame) is { Started.IsCompleted: false } process)
        {
            _processes.TryRemove(frame.Id, out _);
            process.OnError(error);
        }
    }

    private GuestProcess Process(FrameHeader frame) =>
        _processes.TryGetValue(frame.Id, out GuestProcess? process) ? process : throw new GuestProtocolException($"a frame for a process that does not exist: {frame.Id}");

    // These may come when the process is over and forgotten.
    private GuestProcess? FindOrPast(FrameHeader frame) => frame.Id <= Volatile.Read(ref _lastId) ? _processes.GetValueOrDefault(frame.Id) : Process(frame);

    private static int Stream(FrameHeader frame) =>
        frame.Flags is 1 or 2 ? frame.Flags : throw new GuestProtocolException($"output of an unknown stream {frame.Flags}");

    private void Forget(FrameHeader frame)
    {
        if (Process(frame).IsOver)
        {
            _processes.TryRemove(frame.Id, out _);
        }
    }

    private void Break(Exception error)
    {
        _failure ??= error;
        _completion.TrySetException(_failure);
        _greeted.TrySetException(_failure);
        _ready.TrySetException(_failure);
        foreach (GuestProcess process in _processes.Values)
        {
            process.OnError(_failure);
        }
        _processes.Clear();
    }
}
