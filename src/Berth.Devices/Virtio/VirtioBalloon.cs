using System.Buffers.Binary;
using Berth.Machine;

namespace Berth.Devices.Virtio;

/// <summary>Takes memory from the guest and gives it back; frees pages that the guest reports as unused. Spec: [VIRTIO] 5.5.</summary>
/// <remarks><paramref name="discard"/> gives a page-aligned range of guest-physical RAM back to the host; it reads as zeros afterwards.</remarks>
public sealed class VirtioBalloon(Action<ulong, long> discard) : IVirtioDevice
{
    // [VIRTIO] 5.5.3
    private const ulong Statistics = 1 << 1, DeflateOnOutOfMemory = 1 << 2, PageReporting = 1 << 5;
    private const int InflateQueue = 0, DeflateQueue = 1, NoQueue = -1;
    private const int RequestsPerTurn = 32, PagesPerRequest = 1024, PageSize = 4096, StatisticsKept = 32, StatisticSize = 10;

    private readonly byte[] _buffer = new byte[PagesPerRequest * 4];
    private readonly Dictionary<ushort, ulong> _statistics = [];
    private IVirtioHost? _host;
    private VirtChain? _statisticsRequest;
    private int _statisticsQueue = NoQueue;
    private uint _target;
    private uint _actual;

    /// <inheritdoc/>
    public int DeviceId => 5;

    /// <inheritdoc/>
    public uint ClassCode => 0xFF_0000;

    /// <inheritdoc/>
    public ulong Features => Statistics | DeflateOnOutOfMemory | PageReporting;

    /// <summary>Inflate, deflate, statistics, reporting. Drivers number only the queues they negotiated.</summary>
    public IReadOnlyList<ushort> QueueSizes { get; } = [128, 128, 64, 64];

    /// <summary>Pages that the guest says it has given.</summary>
    public uint ActualPages => _actual;

    /// <summary>Memory statistics by tag, as the guest last sent them. [VIRTIO] 5.5.6.4</summary>
    public IReadOnlyDictionary<ushort, ulong> LastStatistics
    {
        get { lock (_statistics) return new Dictionary<ushort, ulong>(_statistics); }
    }

    /// <inheritdoc/>
    public void Connect(IVirtioHost host) => _host = host;

    /// <summary>Asks the guest to give that many pages of 4 KiB.</summary>
    public void SetTarget(uint pages)
    {
        _target = pages;
        _host?.ConfigChanged();
    }

    /// <inheritdoc/>
    public void ReadConfig(int offset, Span<byte> destination)
    {
        Span<byte> config = stackalloc byte[16];
        BinaryPrimitives.WriteUInt32LittleEndian(config, _target);
        BinaryPrimitives.WriteUInt32LittleEndian(config[4..], _actual);
        if (offset < config.Length) config[offset..Math.Min(config.Length, offset + destination.Length)].CopyTo(destination);
    }

    /// <inheritdoc/>
    public void WriteConfig(int offset, ReadOnlySpan<byte> source)
    {
        if (offset == 4 && source.Length == 4) _actual = BinaryPrimitives.ReadUInt32LittleEndian(source);
    }

    /// <inheritdoc/>
    public void Start(ulong features) => _statisticsQueue = (features & Statistics) != 0 ? 2 : NoQueue;

    /// <inheritdoc/>
    public void Reset()
    {
        _statisticsRequest = null;
        _actual = 0;
        _statisticsQueue = NoQueue;
    }

    /// <summary>Asks the guest for fresh statistics; they arrive later.</summary>
    public void RequestStatistics()
    {
        if (_statisticsQueue != NoQueue) _host?.Schedule(_statisticsQueue);
    }

    /// <inheritdoc/>
    public bool Process(int queue)
    {
        Virtqueue requests = _host!.Queue(queue);
        if (queue == _statisticsQueue && _statisticsRequest is { } held)
        {
            _statisticsRequest = null;
            requests.Push(held, 0);
        }
        for (int i = 0; i < RequestsPerTurn; i++)
        {
            if (requests.Pop() is not { } chain)
            {
                if (!requests.Rearm()) return false;
                continue;
            }
            if (queue == _statisticsQueue)
            {
                // The buffer is kept until the next question.
                TakeStatistics(chain);
                _statisticsRequest = chain;
                return false;
            }
            if (queue == InflateQueue) Inflate(chain);
            else if (queue != DeflateQueue) Report(chain);
            requests.Push(chain, 0);
        }
        return true;
    }

    private void Inflate(VirtChain chain)
    {
        int length = chain.Read(0, _buffer) & ~3;
        for (int i = 0; i < length; i += 4) Discard((ulong)BinaryPrimitives.ReadUInt32LittleEndian(_buffer.AsSpan(i)) * PageSize, PageSize);
    }

    // The reported ranges are the buffers themselves; together they are no more than there is.
    private void Report(VirtChain chain)
    {
        if (chain.WritableLength > (long)_host!.Memory.Size) return;
        foreach ((ulong address, int length) in chain.Writable)
        {
            ulong start = (address + PageSize - 1) & ~(ulong)(PageSize - 1), end = (address + (ulong)length) & ~(ulong)(PageSize - 1);
            if (end > start) Discard(start, (long)(end - start));
        }
    }

    private void Discard(ulong address, long length)
    {
        GuestMemory memory = _host!.Memory;
        if (memory.HostAddress(address, (ulong)length) == 0) return;
        discard(address, length);
        memory.MarkWritten(address, (int)length);
    }

    private void TakeStatistics(VirtChain chain)
    {
        int length = chain.Read(0, _buffer.AsSpan(0, StatisticsKept * StatisticSize));
        lock (_statistics)
        {
            _statistics.Clear();
            for (int i = 0; i + StatisticSize <= length; i += StatisticSize)
                _statistics[BinaryPrimitives.ReadUInt16LittleEndian(_buffer.AsSpan(i))] = BinaryPrimitives.ReadUInt64LittleEndian(_buffer.AsSpan(i + 2));
        }
    }
}
