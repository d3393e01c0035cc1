using System.Net.Sockets;
using Berth.Linux;
using Berth.Testing;

namespace Berth.Vmm.Tests.Networks;

/// <summary>What stands in for a tap: two connected sockets that keep frames apart. One end is a card's, the other the test's.</summary>
internal sealed class WireEnds : IDisposable
{
    private readonly Socket _card, _peer;

    public WireEnds()
    {
        using TemporaryDirectory folder = new();
        using Socket listener = new(AddressFamily.Unix, SocketType.Seqpacket, ProtocolType.Unspecified);
        UnixDomainSocketEndPoint place = new(folder.Combine("wire"));
        listener.Bind(place);
        listener.Listen(1);
        _card = new Socket(AddressFamily.Unix, SocketType.Seqpacket, ProtocolType.Unspecified);
        _card.Connect(place);
        _card.Blocking = false;
        _peer = listener.Accept();
        _peer.ReceiveTimeout = 60_000;
    }

    /// <summary>The card's end, to be handed on; the original may be closed.</summary>
    public FileDescriptor TakeCardEnd()
    {
        using FileDescriptor own = new((int)_card.SafeHandle.DangerousGetHandle(), ownsHandle: false);
        FileDescriptor copy = Libc.Duplicate(own, 3);
        _card.Dispose();
        return copy;
    }

    /// <summary>The next frame; empty when the card's end is closed everywhere.</summary>
    public byte[] Receive()
    {
        byte[] frame = new byte[10_000];
        return frame[.._peer.Receive(frame)];
    }

    public void Send(ReadOnlySpan<byte> frame) => _peer.Send(frame);

    /// <summary>Whether the card's end is closed everywhere, once what is under way has been read.</summary>
    public bool IsCut()
    {
        try
        {
            while (Receive().Length > 0)
            {
            }
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionReset)
        {
            // Closed with frames of ours unread.
        }
        return true;
    }

    public void Dispose()
    {
        _card.Dispose();
        _peer.Dispose();
    }
}
