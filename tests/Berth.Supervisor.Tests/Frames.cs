using System.Buffers.Binary;
using System.Text;

namespace Berth.Supervisor.Tests;

/// <summary>Reads docker's multiplexed form back.</summary>
internal static class Frames
{
    public static async Task<(string Out, string Err)> ReadAsync(Stream stream)
    {
        StringBuilder output = new(), error = new();
        byte[] header = new byte[8];
        while (await stream.ReadAtLeastAsync(header, 8, throwOnEndOfStream: false, TestContext.Current.CancellationToken) is var count and > 0)
        {
            Assert.Equal(8, count);
            byte[] payload = new byte[BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(4))];
            await stream.ReadExactlyAsync(payload, TestContext.Current.CancellationToken);
            (header[0] == 2 ? error : output).Append(Encoding.UTF8.GetString(payload));
        }
        return (output.ToString(), error.ToString());
    }
}
