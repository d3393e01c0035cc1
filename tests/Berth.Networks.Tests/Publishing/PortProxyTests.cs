using System.Net;
using System.Net.Sockets;
using System.Text;
using Berth.Networks.Filtering;
using Berth.Networks.Publishing;

namespace Berth.Networks.Tests.Publishing;

public sealed class PortProxyTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Tcp_BothWays_AndAHalfClosedConnectionStillGetsItsAnswer()
    {
        using var server = new TcpListener(IPAddress.Loopback, 0);
        server.Start();
        ushort port = FreePort();
        using IPortProxy proxy = PortProxy.Open(new PublishedPort("tcp", IPAddress.Loopback, port, IPAddress.Loopback, (ushort)((IPEndPoint)server.LocalEndpoint).Port));
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, port, Token);
        NetworkStream asking = client.GetStream();
        await asking.WriteAsync("question"u8.ToArray(), Token);
        client.Client.Shutdown(SocketShutdown.Send);
        using TcpClient accepted = await server.AcceptTcpClientAsync(Token);
        NetworkStream answering = accepted.GetStream();
        Assert.Equal("question", await new StreamReader(answering, leaveOpen: true).ReadToEndAsync(Token));
        await answering.WriteAsync("answer"u8.ToArray(), Token);
        accepted.Client.Shutdown(SocketShutdown.Send);
        Assert.Equal("answer", await new StreamReader(asking).ReadToEndAsync(Token));
    }

    [Fact]
    public async Task Udp_TwoClients_EachGetsItsOwnAnswers()
    {
        using var server = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        ushort port = FreePort();
        using IPortProxy proxy = PortProxy.Open(new PublishedPort("udp", IPAddress.Loopback, port, IPAddress.Loopback, (ushort)((IPEndPoint)server.Client.LocalEndPoint!).Port));
        using UdpClient first = new(), second = new();
        foreach ((UdpClient client, string text) in ((UdpClient, string)[])[(first, "one"), (second, "two")])
        {
            await client.SendAsync(Encoding.ASCII.GetBytes(text), new IPEndPoint(IPAddress.Loopback, port), Token);
            UdpReceiveResult heard = await server.ReceiveAsync(Token);
            await server.SendAsync(Encoding.ASCII.GetBytes("to " + Encoding.ASCII.GetString(heard.Buffer)), heard.RemoteEndPoint, Token);
        }
        Assert.Equal("to two", Encoding.ASCII.GetString((await second.ReceiveAsync(Token)).Buffer));
        Assert.Equal("to one", Encoding.ASCII.GetString((await first.ReceiveAsync(Token)).Buffer));
    }

    [Theory]
    [InlineData("tcp")]
    [InlineData("udp")]
    public void Open_PortIsTaken_SaysSo(string protocol)
    {
        var port = new PublishedPort(protocol, IPAddress.Loopback, FreePort(), IPAddress.Loopback, 1);
        using (PortProxy.Open(port))
        {
            NetworkException error = Assert.Throws<NetworkException>(() => PortProxy.Open(port));
            Assert.Equal(NetworkErrorCode.Taken, error.Code);
            Assert.Contains($"127.0.0.1:{port.HostPort}/{protocol}", error.Message, StringComparison.Ordinal);
        }
        PortProxy.Open(port).Dispose();
    }

    [Fact]
    public void Open_ForeignAddress_SaysSo() => Assert.Equal(
        NetworkErrorCode.HostLacks,
        Assert.Throws<NetworkException>(() => PortProxy.Open(new PublishedPort("tcp", IPAddress.Parse("203.0.113.1"), 80, IPAddress.Loopback, 1))).Code);

    private static ushort FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return (ushort)((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
