using System.Security.Cryptography;

namespace Berth.Devices.Virtio;

/// <summary>A source of random bytes. Spec: [VIRTIO] 5.4.</summary>
public sealed class VirtioEntropy : IVirtioDevice
{
    private const int LongestAnswer = 64 * 1024, RequestsPerTurn = 16;

    private readonly byte[] _buffer = new byte[4096];
    private IVirtioHost? _host;

    /// <inheritdoc/>
    public int DeviceId => 4;

    /// <inheritdoc/>
    public uint ClassCode => 0xFF_0000;

    /// <inheritdoc/>
    public ulong Features => 0;

    /// <inheritdoc/>
    public IReadOnlyList<ushort> QueueSizes { get; } = [64];

    /// <inheritdoc/>
    public void Connect(IVirtioHost host) => _host = host;

    /// <inheritdoc/>
    public void ReadConfig(int offset, Span<byte> destination)
    {
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
    public void Reset()
    {
    }

    /// <inheritdoc/>
    public bool Process(int queue)
    {
        Virtqueue requests = _host!.Queue(queue);
        for (int i = 0; i < RequestsPerTurn; i++)
        {
            if (requests.Pop() is not { } chain)
            {
                if (!requests.Rearm()) return false;
                continue;
            }
            int length = (int)Math.Min(chain.WritableLength, LongestAnswer), done = 0;
            while (done < length)
            {
                Span<byte> part = _buffer.AsSpan(0, Math.Min(_buffer.Length, length - done));
                RandomNumberGenerator.Fill(part);
                done += chain.Write(done, part);
            }
            requests.Push(chain, (uint)done);
        }
        return true;
    }
}
