using System.Buffers.Binary;

namespace Berth.Devices.Virtio;

/// <summary>A network card with one pair of queues and no offloads. Spec: [VIRTIO] 5.1.</summary>
public sealed class VirtioNet : IVirtioDevice
{
    // [VIRTIO] 5.1.3, 5.1.6
    private const ulong Mtu = 1 << 3, MacAddress = 1 << 5, StatusFeature = 1 << 16;
    private const int ReceiveQueue = 0, TransmitQueue = 1, HeaderSize = 12, FramesPerTurn = 64;

    /// <summary>Longest Ethernet frame that is carried.</summary>
    public const int LongestFrame = 9216;

    private readonly IPacketBackend _wire;
    private readonly byte[] _mac;
    private readonly ushort _mtu;
    private readonly byte[] _buffer = new byte[HeaderSize + LongestFrame];
    private readonly byte[] _incoming = new byte[HeaderSize + LongestFrame];
    private IVirtioHost? _host;
    private int _waiting;
    private bool _linkUp = true;

    /// <summary>A card with that 6-byte address on a wire.</summary>
    public VirtioNet(IPacketBackend wire, ReadOnlySpan<byte> mac, ushort mtu = 1500)
    {
        ArgumentNullException.ThrowIfNull(wire);
        if (mac.Length != 6) throw new ArgumentException("A MAC address has 6 bytes.", nameof(mac));
        if (mtu is < 68 or > LongestFrame - 18) throw new ArgumentOutOfRangeException(nameof(mtu), mtu, $"The MTU must be 68 to {LongestFrame - 18}.");
        (_wire, _mac, _mtu) = (wire, mac.ToArray(), mtu);
        wire.FramesArrived = () => _host?.Schedule(ReceiveQueue);
    }

    /// <inheritdoc/>
    public int DeviceId => 1;

    /// <inheritdoc/>
    public uint ClassCode => 0x02_0000;

    /// <inheritdoc/>
    public ulong Features => Mtu | MacAddress | StatusFeature;

    /// <inheritdoc/>
    public IReadOnlyList<ushort> QueueSizes { get; } = [256, 256];

    /// <inheritdoc/>
    public void Connect(IVirtioHost host) => _host = host;

    /// <summary>Plugs the cable in or out.</summary>
    public void SetLink(bool up)
    {
        _linkUp = up;
        _host?.ConfigChanged();
    }

    /// <inheritdoc/>
    public void ReadConfig(int offset, Span<byte> destination)
    {
        Span<byte> config = stackalloc byte[12];
        _mac.CopyTo(config);
        BinaryPrimitives.WriteUInt16LittleEndian(config[6..], _linkUp ? (ushort)1 : (ushort)0);
        BinaryPrimitives.WriteUInt16LittleEndian(config[8..], 1);
        BinaryPrimitives.WriteUInt16LittleEndian(config[10..], _mtu);
        if (offset < config.Length) config[offset..Math.Min(config.Length, offset + destination.Length)].CopyTo(destination);
    }

    /// <inheritdoc/>
    public void WriteConfig(int offset, ReadOnlySpan<byte> source)
    {
    }

    /// <inheritdoc/>
    public void Start(ulong features)
    {
    }

    /// <inheritdoc/>
    public void Reset() => _waiting = 0;

    /// <inheritdoc/>
    public bool Process(int queue) => queue == TransmitQueue ? Transmit() : Receive();

    private bool Transmit()
    {
        Virtqueue queue = _host!.Queue(TransmitQueue);
        for (int i = 0; i < FramesPerTurn; i++)
        {
            if (queue.Pop() is not { } chain)
            {
                if (!queue.Rearm()) return false;
                continue;
            }
            // Frames too long or too short to be any are dropped, as a wire would.
            int length = chain.ReadableLength <= _buffer.Length ? chain.Read(0, _buffer) : 0;
            if (length >= HeaderSize + 14 && _linkUp) _wire.Send(_buffer.AsSpan(HeaderSize, length - HeaderSize));
            queue.Push(chain, 0);
        }
        return true;
    }

    private bool Receive()
    {
        Virtqueue queue = _host!.Queue(ReceiveQueue);
        for (int i = 0; i < FramesPerTurn; i++)
        {
            if (_waiting == 0) _waiting = _wire.TryReceive(_incoming.AsSpan(HeaderSize));
            if (_waiting == 0) return false;
            if (queue.Pop() is not { } chain)
            {
                if (!queue.Rearm()) return false;
                continue;
            }
            int length = HeaderSize + _waiting;
            _waiting = 0;
            // num_buffers is 1: a frame lies in one buffer, or is dropped where it does not fit.
            _incoming.AsSpan(0, HeaderSize).Clear();
            _incoming[10] = 1;
            bool fits = chain.WritableLength >= length && _linkUp;
            if (fits) queue.Push(chain, (uint)chain.Write(0, _incoming.AsSpan(0, length)));
            else if (chain.WritableLength < HeaderSize) queue.Push(chain, 0);
            else queue.Unpop();
        }
        return true;
    }
}
