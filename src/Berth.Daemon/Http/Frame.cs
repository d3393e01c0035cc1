using System.Buffers.Binary;
using System.Text;

namespace Berth.Daemon.Http;

/// <summary>A message of the daemon's own on a hijacked connection.</summary>
internal static class Frame
{
    /// <summary>The text as terminal bytes, or as one frame of standard error.</summary>
    public static byte[] Of(string text, bool tty)
    {
        byte[] payload = Encoding.UTF8.GetBytes(text + "\r\n");
        if (tty)
        {
            return payload;
        }
        byte[] frame = new byte[8 + payload.Length];
        frame[0] = 2;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(4), payload.Length);
        payload.CopyTo(frame, 8);
        return frame;
    }
}
