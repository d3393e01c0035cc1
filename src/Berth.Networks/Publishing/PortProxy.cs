using System.Net;
using System.Net.Sockets;
using Berth.Networks.Filtering;

namespace Berth.Networks.Publishing;

/// <summary>Opens ports of the host.</summary>
public static class PortProxy
{
    /// <summary>Takes the port and serves it until disposed.</summary>
    /// <exception cref="NetworkException">Taken: another program has it. HostLacks: the address is not this host's.</exception>
    public static IPortProxy Open(PublishedPort port)
    {
        try
        {
            return port.Protocol == "udp" ? new UdpProxy(port) : new TcpProxy(port);
        }
        catch (SocketException e)
        {
            string place = $"{new IPEndPoint(port.HostAddress, port.HostPort)}/{port.Protocol}";
            throw e.SocketErrorCode == SocketError.AddressAlreadyInUse
                ? new NetworkException(NetworkErrorCode.Taken, $"Bind for {place} failed: port is already allocated: another program of this host, or another instance, has it", e)
                : new NetworkException(NetworkErrorCode.HostLacks, $"Bind for {place} failed: {e.Message}", e);
        }
    }

    internal static Socket Bind(PublishedPort port, SocketType type, ProtocolType protocol)
    {
        var socket = new Socket(port.HostAddress.AddressFamily, type, protocol);
        try
        {
            if (port.HostAddress.AddressFamily == AddressFamily.InterNetworkV6)
                socket.DualMode = false; // IPv4 has a socket of its own
            socket.Bind(new IPEndPoint(port.HostAddress, port.HostPort));
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
