using System.Buffers.Binary;
using System.Text;
using Berth.Machine.Storage;

namespace Berth.Devices.Virtio;

/// <summary>A file system of the host, mounted by its tag. Spec: [VIRTIO] 5.11.</summary>
public sealed class VirtioFileSystem : IVirtioDevice
{
    // [VIRTIO] 5.11.4: requests that overtake, then the others.
    private const int TagLength = 36, RequestsPerTurn = 32;
    private const long BytesPerTurn = 4 << 20;

    private readonly IFileSystemBackend _files;
    private readonly byte[] _tag = new byte[TagLength];
    private readonly byte[] _request;
    private readonly byte[] _reply;
    private IVirtioHost? _host;

    /// <summary>A device of that tag, 36 bytes at most.</summary>
    public VirtioFileSystem(IFileSystemBackend files, string tag)
    {
        ArgumentNullException.ThrowIfNull(files);
        if (tag is not { Length: > 0 } || Encoding.UTF8.GetByteCount(tag) > TagLength) throw new ArgumentException($"A tag has 1 to {TagLength} bytes.", nameof(tag));
        Encoding.UTF8.GetBytes(tag, _tag);
        (_files, _request, _reply) = (files, new byte[files.LongestRequest], new byte[files.LongestReply]);
    }

    /// <inheritdoc/>
    public int DeviceId => 26;

    /// <inheritdoc/>
    public uint ClassCode => 0x01_8000;

    /// <inheritdoc/>
    public ulong Features => 0;

    /// <inheritdoc/>
    public IReadOnlyList<ushort> QueueSizes { get; } = [64, 512];

    /// <inheritdoc/>
    public void Connect(IVirtioHost host) => _host = host;

    /// <inheritdoc/>
    public void ReadConfig(int offset, Span<byte> destination)
    {
        Span<byte> config = stackalloc byte[TagLength + 4];
        _tag.CopyTo(config);
        BinaryPrimitives.WriteInt32LittleEndian(config[TagLength..], QueueSizes.Count - 1);
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
    public void Reset() => _files.Reset();

    /// <inheritdoc/>
    public bool Process(int queue)
    {
        Virtqueue requests = _host!.Queue(queue);
        long moved = 0;
        for (int i = 0; i < RequestsPerTurn && moved < BytesPerTurn; i++)
        {
            if (requests.Pop() is not { } chain)
            {
                if (!requests.Rearm()) return false;
                continue;
            }
            int written = Serve(chain);
            requests.Push(chain, (uint)written);
            moved += Math.Min(chain.ReadableLength, _request.Length) + written;
        }
        return true;
    }

    private int Serve(VirtChain chain)
    {
        if (chain.ReadableLength > _request.Length) return 0;
        int given = chain.Read(0, _request);
        Span<byte> room = _reply.AsSpan(0, (int)Math.Min(chain.WritableLength, _reply.Length));
        int length = _files.Serve(_request.AsSpan(0, given), room);
        return length == 0 ? 0 : chain.Write(0, room[..length]);
    }
}
