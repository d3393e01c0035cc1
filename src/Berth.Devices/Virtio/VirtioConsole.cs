using System.Buffers.Binary;
using System.Text;

namespace Berth.Devices.Virtio;

/// <summary>Consoles and named ports for agents. Port 0 is the console. Spec: [VIRTIO] 5.3.</summary>
public sealed class VirtioConsole : IVirtioDevice
{
    // [VIRTIO] 5.3.3, 5.3.6.2
    private const ulong Size = 1, MultiPort = 2;
    private const ushort DeviceReady = 0, DeviceAdd = 1, PortReady = 3, ConsolePort = 4, Resize = 5, PortOpen = 6, PortName = 7;
    private const int ControlReceive = 2, ControlTransmit = 3, ControlSize = 8, RequestsPerTurn = 64, ControlWaiting = 256;
    private const int LongestWrite = 1 << 20;

    private readonly VirtioConsolePort[] _ports;
    private readonly Queue<byte[]> _control = new();
    private readonly byte[] _buffer = new byte[4096];
    private IVirtioHost? _host;
    private bool _multi;
    private (ushort Columns, ushort Rows) _size;

    /// <summary>One port per entry; the first is the console, the others are found in the guest by name.</summary>
    public VirtioConsole(IReadOnlyList<VirtioConsolePort> ports)
    {
        ArgumentNullException.ThrowIfNull(ports);
        if (ports.Count is < 1 or > 16) throw new ArgumentOutOfRangeException(nameof(ports), ports.Count, "A console has 1 to 16 ports.");
        _ports = [.. ports];
        QueueSizes = [.. Enumerable.Repeat((ushort)128, 2 * _ports.Length + 2)];
        for (int i = 0; i < _ports.Length; i++)
        {
            int queue = ReceiveQueue(i);
            _ports[i].InputArrived = () => _host?.Schedule(queue);
        }
    }

    /// <inheritdoc/>
    public int DeviceId => 3;

    /// <inheritdoc/>
    public uint ClassCode => 0x07_8000;

    /// <inheritdoc/>
    public ulong Features => Size | MultiPort;

    /// <inheritdoc/>
    public IReadOnlyList<ushort> QueueSizes { get; }

    // Port 0 has queues 0 and 1, control 2 and 3, port n 2n+2 and 2n+3.
    private static int ReceiveQueue(int port) => port == 0 ? 0 : 2 * port + 2;

    private static int PortOf(int queue) => queue < 2 ? 0 : (queue - 2) / 2;

    /// <inheritdoc/>
    public void Connect(IVirtioHost host) => _host = host;

    /// <summary>The user's terminal has another size.</summary>
    public void SetSize(ushort columns, ushort rows)
    {
        _size = (columns, rows);
        _host?.ConfigChanged();
    }

    /// <inheritdoc/>
    public void ReadConfig(int offset, Span<byte> destination)
    {
        Span<byte> config = stackalloc byte[12];
        BinaryPrimitives.WriteUInt16LittleEndian(config, _size.Columns);
        BinaryPrimitives.WriteUInt16LittleEndian(config[2..], _size.Rows);
        BinaryPrimitives.WriteUInt32LittleEndian(config[4..], (uint)_ports.Length);
        if (offset < config.Length) config[offset..Math.Min(config.Length, offset + destination.Length)].CopyTo(destination);
    }

    /// <inheritdoc/>
    public void WriteConfig(int offset, ReadOnlySpan<byte> source)
    {
    }

    /// <inheritdoc/>
    public void Start(ulong features)
    {
        _multi = (features & MultiPort) != 0;
        if (!_multi) _ports[0].SetOpen(true);
    }

    /// <inheritdoc/>
    public void Reset()
    {
        _control.Clear();
        _multi = false;
        foreach (VirtioConsolePort port in _ports) port.SetOpen(false);
    }

    /// <inheritdoc/>
    public bool Process(int queue)
    {
        if (queue >= 2 && !_multi) return false;
        if (queue == ControlReceive) return SendControl();
        if (queue == ControlTransmit) return TakeControl();
        VirtioConsolePort port = _ports[PortOf(queue)];
        return (queue & 1) == 0 ? SendInput(_host!.Queue(queue), port) : TakeOutput(_host!.Queue(queue), port);
    }

    private bool TakeOutput(Virtqueue queue, VirtioConsolePort port)
    {
        for (int i = 0; i < RequestsPerTurn; i++)
        {
            if (queue.Pop() is not { } chain)
            {
                if (!queue.Rearm()) return false;
                continue;
            }
            // A driver sends pages; what is beyond the bound would be an attempt to keep the device busy.
            long length = Math.Min(chain.ReadableLength, LongestWrite);
            for (long done = 0; done < length;)
            {
                int count = chain.Read(done, _buffer.AsSpan(0, (int)Math.Min(_buffer.Length, length - done)));
                port.Sink.Write(_buffer.AsSpan(0, count));
                done += count;
            }
            queue.Push(chain, 0);
        }
        return true;
    }

    private bool SendInput(Virtqueue queue, VirtioConsolePort port)
    {
        for (int i = 0; i < RequestsPerTurn; i++)
        {
            // Linux throws away what comes for a port that nobody has opened.
            if (!port.IsOpen || !port.HasInput) return false;
            if (queue.Pop() is not { } chain)
            {
                if (!queue.Rearm()) return false;
                continue;
            }
            int count = port.TakeInput(_buffer.AsSpan(0, (int)Math.Min(_buffer.Length, chain.WritableLength)));
            queue.Push(chain, (uint)chain.Write(0, _buffer.AsSpan(0, count)));
        }
        return true;
    }

    private bool SendControl()
    {
        Virtqueue queue = _host!.Queue(ControlReceive);
        while (_control.Count > 0)
        {
            if (queue.Pop() is not { } chain)
            {
                if (!queue.Rearm()) return false;
                continue;
            }
            queue.Push(chain, (uint)chain.Write(0, _control.Dequeue()));
        }
        return false;
    }

    private void Control(int port, ushort what, ushort value, ReadOnlySpan<byte> extra = default)
    {
        if (_control.Count >= ControlWaiting) return;
        byte[] message = new byte[ControlSize + extra.Length];
        BinaryPrimitives.WriteUInt32LittleEndian(message, (uint)port);
        BinaryPrimitives.WriteUInt16LittleEndian(message.AsSpan(4), what);
        BinaryPrimitives.WriteUInt16LittleEndian(message.AsSpan(6), value);
        extra.CopyTo(message.AsSpan(ControlSize));
        _control.Enqueue(message);
    }

    private bool TakeControl()
    {
        Virtqueue queue = _host!.Queue(ControlTransmit);
        Span<byte> message = stackalloc byte[ControlSize];
        bool more = true;
        for (int i = 0; i < RequestsPerTurn && more; i++)
        {
            if (queue.Pop() is { } chain)
            {
                if (chain.Read(0, message) == ControlSize)
                    Take((int)BinaryPrimitives.ReadUInt32LittleEndian(message), BinaryPrimitives.ReadUInt16LittleEndian(message[4..]), BinaryPrimitives.ReadUInt16LittleEndian(message[6..]));
                queue.Push(chain, 0);
            }
            else more = queue.Rearm();
        }
        _host.Schedule(ControlReceive);
        return more;
    }

    private void Take(int id, ushort what, ushort value)
    {
        if (what == DeviceReady)
        {
            for (int i = 0; i < _ports.Length && value == 1; i++) Control(i, DeviceAdd, 1);
            return;
        }
        if ((uint)id >= (uint)_ports.Length) return;
        if (what == PortOpen)
        {
            _ports[id].SetOpen(value == 1);
            _host!.Schedule(ReceiveQueue(id));
        }
        if (what != PortReady || value != 1) return;
        if (id == 0)
        {
            Control(0, ConsolePort, 1);
            Span<byte> size = stackalloc byte[4];
            BinaryPrimitives.WriteUInt16LittleEndian(size, _size.Columns);
            BinaryPrimitives.WriteUInt16LittleEndian(size[2..], _size.Rows);
            if (_size != default) Control(0, Resize, 0, size);
        }
        if (_ports[id].Name.Length > 0) Control(id, PortName, 0, Encoding.UTF8.GetBytes(_ports[id].Name));
        Control(id, PortOpen, 1);
    }
}
