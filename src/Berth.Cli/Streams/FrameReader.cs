using System.Buffers.Binary;
using Berth.Cli.Http;

namespace Berth.Cli.Streams;

/// <summary>
/// Takes apart the stream of a workload without a terminal: frames of an 8-byte head (stream number, three zeros, length, big-endian)
/// and the bytes. Frames are passed on as they arrive, never collected, so their length needs no limit.
/// </summary>
internal sealed class FrameReader
{
    private readonly byte[] _head = new byte[8];
    private int _headLength;
    private uint _left;

    /// <summary>True between frames.</summary>
    public bool AtBoundary => _headLength == 0 && _left == 0;

    /// <summary>Passes the payloads in <paramref name="bytes"/> on, each with its stream: 1 output, 2 errors, 3 the engine's own message.</summary>
    public void Feed(ReadOnlySpan<byte> bytes, PayloadSink sink)
    {
        while (!bytes.IsEmpty)
        {
            if (_left == 0)
            {
                var take = Math.Min(8 - _headLength, bytes.Length);
                bytes[..take].CopyTo(_head.AsSpan(_headLength));
                _headLength += take;
                bytes = bytes[take..];
                if (_headLength < 8)
                {
                    return;
                }
                if (_head[0] > 3 || _head[1] != 0 || _head[2] != 0 || _head[3] != 0)
                {
                    throw new ProtocolException("the daemon sent output that is not in frames");
                }
                _left = BinaryPrimitives.ReadUInt32BigEndian(_head.AsSpan(4));
                if (_left == 0)
                {
                    _headLength = 0;
                }
                continue;
            }
            var count = (int)Math.Min(_left, (uint)bytes.Length);
            sink(_head[0], bytes[..count]);
            _left -= (uint)count;
            bytes = bytes[count..];
            if (_left == 0)
            {
                _headLength = 0;
            }
        }
    }

    /// <summary>Takes one payload, or a part of it.</summary>
    public delegate void PayloadSink(int stream, ReadOnlySpan<byte> payload);
}
