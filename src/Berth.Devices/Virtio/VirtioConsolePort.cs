namespace Berth.Devices.Virtio;

/// <summary>The host's end of one port of a <see cref="VirtioConsole"/>. A named port appears in the guest as /dev/virtio-ports/NAME.</summary>
public sealed class VirtioConsolePort(string name, IByteSink sink)
{
    private const int Capacity = 256 * 1024;

    private readonly Lock _gate = new();
    private readonly byte[] _input = new byte[Capacity];
    private int _first;
    private int _count;

    /// <summary>Name in the guest; empty for the console.</summary>
    public string Name => name;

    /// <summary>Takes what the guest writes.</summary>
    public IByteSink Sink => sink;

    /// <summary>Whether the guest has opened the port.</summary>
    public bool IsOpen { get; private set; }

    /// <summary>Told after the guest opened or closed the port. Must return at once.</summary>
    public Action<bool>? OpenChanged { get; set; }

    /// <summary>Told after the guest made room for input. Must return at once.</summary>
    public Action? RoomAvailable { get; set; }

    internal Action? InputArrived { get; set; }

    internal bool HasInput { get { lock (_gate) return _count > 0; } }

    /// <summary>Queues input until the guest has opened the port and takes it; answers how much there was room for. Any thread.</summary>
    /// <remarks>What the guest has not taken when it closes the port is dropped: the next to open it starts afresh.</remarks>
    public int Send(ReadOnlySpan<byte> data)
    {
        int count;
        lock (_gate)
        {
            count = Math.Min(data.Length, Capacity - _count);
            for (int i = 0; i < count;)
            {
                int at = (_first + _count) % Capacity, run = Math.Min(count - i, Capacity - at);
                data.Slice(i, run).CopyTo(_input.AsSpan(at));
                (i, _count) = (i + run, _count + run);
            }
        }
        if (count > 0) InputArrived?.Invoke();
        return count;
    }

    internal int TakeInput(Span<byte> destination)
    {
        int done = 0;
        bool wasFull;
        lock (_gate)
        {
            wasFull = _count == Capacity;
            while (done < destination.Length && _count > 0)
            {
                int run = Math.Min(Math.Min(destination.Length - done, _count), Capacity - _first);
                _input.AsSpan(_first, run).CopyTo(destination[done..]);
                (done, _first, _count) = (done + run, (_first + run) % Capacity, _count - run);
            }
        }
        if (wasFull && done > 0) RoomAvailable?.Invoke();
        return done;
    }

    internal void SetOpen(bool open)
    {
        if (IsOpen == open) return;
        IsOpen = open;
        bool wasFull;
        lock (_gate)
        {
            wasFull = !open && _count == Capacity;
            if (!open) _count = 0;
        }
        OpenChanged?.Invoke(open);
        if (wasFull) RoomAvailable?.Invoke();
    }
}
