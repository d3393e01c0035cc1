using System.Buffers.Binary;
using Berth.Containers.Logs;

namespace Berth.Containers.Supervision;

/// <summary>The part of an attach that comes out of the log: framed as the live stream is, up to where that begins.</summary>
internal static class AttachReplay
{
    /// <summary>Null when the request asks for none or there is none.</summary>
    public static IAsyncEnumerator<ReadOnlyMemory<byte>>? Read(AttachRequest request, SupervisorResponse response) =>
        request is { Logs: true, LogDirectory: not null } ? ReadAsync(request, response).GetAsyncEnumerator() : null;

    private static async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync(AttachRequest request, SupervisorResponse response)
    {
        LogReadOptions options = new() { Stdout = request.Stdout, Stderr = request.Stderr, End = response.Log };
        byte[] frame = new byte[8 + LogFormat.MaxLineBytes];
        await foreach (LogEntry entry in LogReader.ReadAsync(request.LogDirectory!, options))
        {
            if (response.Tty == true)
            {
                yield return entry.Text;
                continue;
            }
            frame[0] = (byte)entry.Stream;
            BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(4), entry.Text.Length);
            entry.Text.CopyTo(frame.AsMemory(8));
            yield return frame.AsMemory(0, 8 + entry.Text.Length);
        }
    }
}
