using System.Buffers.Binary;

namespace Berth.Engine.Execs;

/// <summary>Takes the payload out of Docker's 8-byte-header frames.</summary>
internal static class FrameReader
{
    /// <summary>Reads to the end and keeps the first <paramref name="limit"/> bytes of output.</summary>
    public static async Task<byte[]> CollectAsync(Stream frames, int limit, CancellationToken cancellationToken)
    {
        var kept = new MemoryStream();
        await ReadAsync(frames, (_, bytes) =>
        {
            kept.Write(bytes.Span[..(int)Math.Min(bytes.Length, limit - kept.Length)]);
            return ValueTask.CompletedTask;
        }, cancellationToken);
        return kept.ToArray();
    }

    /// <summary>Reads to the end; <paramref name="take"/> gets the stream's number (1 = output, 2 = errors) and bytes that are valid until it returns.</summary>
    public static async Task ReadAsync(Stream frames, Func<byte, ReadOnlyMemory<byte>, ValueTask> take, CancellationToken cancellationToken)
    {
        byte[] header = new byte[8];
        byte[] buffer = new byte[16 * 1024];
        while (await frames.ReadAtLeastAsync(header, 8, throwOnEndOfStream: false, cancellationToken) == 8)
        {
            long left = BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(4));
            while (left > 0)
            {
                int count = await frames.ReadAsync(buffer.AsMemory(0, (int)Math.Min(left, buffer.Length)), cancellationToken);
                if (count == 0)
                    return;
                left -= count;
                await take(header[0], buffer.AsMemory(0, count));
            }
        }
    }
}
