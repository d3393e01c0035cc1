using System.Net.Sockets;
using Berth.Testing;
using Berth.Vmm.Control;

namespace Berth.Vmm.Tests;

public sealed class ControlSocketTests
{
    [Fact]
    public void Connect_SocketInADeepDirectory_IsReached()
    {
        using TemporaryDirectory folder = new();
        string deep = Directory.CreateDirectory(folder.Combine(new string('d', 120))).FullName;
        using Socket listener = Listen(deep, folder);
        using Socket client = ControlSocket.Connect(Path.Combine(deep, "control"));
        Assert.True(client.Connected);
    }

    [Fact]
    public void Connect_LinkInPlaceOfTheSocket_IsNotFollowed()
    {
        using TemporaryDirectory folder = new();
        using Socket listener = Listen(folder.Path, folder);
        File.CreateSymbolicLink(folder.Combine("link"), folder.Combine("control"));
        Assert.Throws<IOException>(() => ControlSocket.Connect(folder.Combine("link")));
    }

    // Bound by a short name and moved: an address holds 108 bytes.
    private static Socket Listen(string directory, TemporaryDirectory folder)
    {
        Socket listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(folder.Combine("s")));
        listener.Listen(1);
        File.Move(folder.Combine("s"), Path.Combine(directory, "control"));
        return listener;
    }
}
