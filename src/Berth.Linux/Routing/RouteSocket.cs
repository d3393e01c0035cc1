using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Berth.Linux.Routing;

/// <summary>
/// Changes and lists the interfaces, addresses and routes of one network namespace: the one its thread was in when it was opened, wherever
/// that thread goes later. For one thread at a time. See rtnetlink(7).
/// </summary>
public sealed class RouteSocket : IDisposable
{
    // linux/rtnetlink.h, linux/netlink.h
    internal const ushort RTM_NEWLINK = 16, RTM_DELLINK = 17, RTM_GETLINK = 18, RTM_SETLINK = 19, RTM_NEWADDR = 20, RTM_NEWROUTE = 24, RTM_GETROUTE = 26;
    internal const ushort NLM_F_REQUEST = 1, NLM_F_ACK = 4, NLM_F_DUMP = 0x300, NLM_F_EXCL = 0x200, NLM_F_CREATE = 0x400;
    private const ushort NLMSG_ERROR = 2, NLMSG_DONE = 3;

    // linux/if_link.h, linux/veth.h, linux/if_addr.h
    internal const ushort IFLA_ADDRESS = 1, IFLA_IFNAME = 3, IFLA_MTU = 4, IFLA_MASTER = 10, IFLA_LINKINFO = 18, IFLA_AF_SPEC = 26, IFLA_NET_NS_FD = 28;
    internal const ushort IFLA_INFO_KIND = 1, IFLA_INFO_DATA = 2, VETH_INFO_PEER = 1, IFLA_INET6_ADDR_GEN_MODE = 8;
    private const byte IN6_ADDR_GEN_MODE_NONE = 1;
    internal const ushort IFA_ADDRESS = 1, IFA_LOCAL = 2, IFA_BROADCAST = 4;
    internal const byte IFA_F_NODAD = 2;
    internal const ushort RTA_DST = 1, RTA_OIF = 4, RTA_GATEWAY = 5;
    internal const byte RT_TABLE_MAIN = 254, RTPROT_BOOT = 3, RT_SCOPE_UNIVERSE = 0, RTN_UNICAST = 1;
    private const uint IFF_UP = 1;
    private const int AF_INET6 = 10;

    private readonly FileDescriptor _socket;
    private readonly byte[] _answer = new byte[32 << 10];
    private uint _sequence;

    private RouteSocket(FileDescriptor socket) => _socket = socket;

    /// <summary>Opens one for the network namespace of the calling thread.</summary>
    /// <exception cref="LinuxException">The kernel refuses.</exception>
    public static RouteSocket Open()
    {
        const int AF_NETLINK = 16, SOCK_RAW = 3; // protocol 0 is NETLINK_ROUTE
        return new RouteSocket(Libc.OpenSocket(AF_NETLINK, SOCK_RAW));
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();

    /// <summary>Number of an interface; 0 when there is none of that name.</summary>
    public int Find(string name)
    {
        try
        {
            int index = 0;
            Call(new RouteMessage(RTM_GETLINK, NLM_F_REQUEST).Link(0).Attribute(IFLA_IFNAME, name), name, body => index = LinkIndex(body));
            return index;
        }
        catch (LinuxException e) when (e.Errno == Errno.ENODEV)
        {
            return 0;
        }
    }

    /// <summary>Makes a bridge that is down and has no address.</summary>
    /// <exception cref="LinuxException">EEXIST: the name is taken.</exception>
    public void AddBridge(string name, int mtu, ReadOnlySpan<byte> mac) => Change(
        new RouteMessage(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL).Link(0).Attribute(IFLA_IFNAME, name).Attribute(IFLA_MTU, (uint)mtu).Attribute(IFLA_ADDRESS, mac)
            .Nest(IFLA_LINKINFO, static m => m.Attribute(IFLA_INFO_KIND, "bridge")), name);

    /// <summary>Makes a pair of interfaces, both down: one here, a port of a bridge; the other in another namespace.</summary>
    /// <param name="name">Name of the one here.</param>
    /// <param name="bridge">Number of its bridge.</param>
    /// <param name="mtu">Largest packet of both in bytes.</param>
    /// <param name="peer">Name of the other.</param>
    /// <param name="mac">Hardware address of the other.</param>
    /// <param name="peerNamespace">Where the other comes to stand.</param>
    public void AddVeth(string name, int bridge, int mtu, string peer, byte[] mac, FileDescriptor peerNamespace) => Change(
        new RouteMessage(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL).Link(0).Attribute(IFLA_IFNAME, name).Attribute(IFLA_MTU, (uint)mtu).Attribute(IFLA_MASTER, (uint)bridge)
            .Nest(IFLA_LINKINFO, info => info.Attribute(IFLA_INFO_KIND, "veth").Nest(IFLA_INFO_DATA, data => data.Nest(VETH_INFO_PEER, end => end
                .Link(0).Attribute(IFLA_IFNAME, peer).Attribute(IFLA_MTU, (uint)mtu).Attribute(IFLA_ADDRESS, mac).Attribute(IFLA_NET_NS_FD, (uint)peerNamespace.Number)))), name);

    /// <summary>Makes an interface a port of a bridge.</summary>
    public void SetBridge(int index, int bridge, int mtu) =>
        Change(new RouteMessage(RTM_SETLINK, 0).Link(index).Attribute(IFLA_MASTER, (uint)bridge).Attribute(IFLA_MTU, (uint)mtu), $"interface {index}");

    /// <summary>Keeps the kernel from giving an interface IPv6 addresses by itself once it is up.</summary>
    public void DisableAutomaticAddresses(int index) => Change(
        new RouteMessage(RTM_SETLINK, 0).Link(index).Nest(IFLA_AF_SPEC, static m => m.Nest(AF_INET6, static v6 => v6.Attribute(IFLA_INET6_ADDR_GEN_MODE, [IN6_ADDR_GEN_MODE_NONE]))), $"interface {index}");

    /// <summary>Brings an interface up.</summary>
    public void SetUp(int index) => Change(new RouteMessage(RTM_NEWLINK, 0).Link(index, IFF_UP, IFF_UP), $"interface {index}");

    /// <summary>Removes an interface, and its peer if it has one; false when there is none of that name.</summary>
    public bool Remove(string name)
    {
        try
        {
            Change(new RouteMessage(RTM_DELLINK, 0).Link(0).Attribute(IFLA_IFNAME, name), name);
            return true;
        }
        catch (LinuxException e) when (e.Errno is Errno.ENODEV or Errno.EINVAL)
        {
            return false;
        }
    }

    /// <summary>Gives an interface an address, which is usable at once.</summary>
    public void AddAddress(int index, IPAddress address, int prefix)
    {
        bool v4 = address.AddressFamily == AddressFamily.InterNetwork;
        Span<byte> header = stackalloc byte[8]; // struct ifaddrmsg
        header.Clear();
        header[0] = v4 ? (byte)Libc.AF_INET : (byte)AF_INET6;
        header[1] = (byte)prefix;
        header[2] = v4 ? (byte)0 : IFA_F_NODAD;
        BinaryPrimitives.WriteInt32LittleEndian(header[4..], index);
        RouteMessage message = new RouteMessage(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL).Raw(header).Attribute(IFA_LOCAL, address).Attribute(IFA_ADDRESS, address);
        if (v4 && prefix < 31)
        {
            uint last = BinaryPrimitives.ReadUInt32BigEndian(address.GetAddressBytes()) | (uint.MaxValue >> prefix);
            Span<byte> broadcast = stackalloc byte[4];
            BinaryPrimitives.WriteUInt32BigEndian(broadcast, last);
            message.Attribute(IFA_BROADCAST, broadcast);
        }
        Change(message, $"{address}/{prefix}");
    }

    /// <summary>Sends everything without a nearer route to a gateway.</summary>
    public void AddDefaultRoute(int index, IPAddress gateway)
    {
        Span<byte> header = stackalloc byte[12]; // struct rtmsg
        header.Clear();
        header[0] = gateway.AddressFamily == AddressFamily.InterNetwork ? (byte)Libc.AF_INET : (byte)AF_INET6;
        (header[4], header[5], header[6], header[7]) = (RT_TABLE_MAIN, RTPROT_BOOT, RT_SCOPE_UNIVERSE, RTN_UNICAST);
        Change(new RouteMessage(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL).Raw(header).Attribute(RTA_GATEWAY, gateway).Attribute(RTA_OIF, (uint)index), $"default via {gateway}");
    }

    /// <summary>Names of all interfaces.</summary>
    public IReadOnlyList<string> Interfaces()
    {
        List<string> names = [];
        Call(new RouteMessage(RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP).Link(0), "interfaces", body =>
        {
            if (Find(body[16..], IFLA_IFNAME) is { Length: > 1 } name) names.Add(Encoding.ASCII.GetString(name[..^1]));
        });
        return names;
    }

    /// <summary>Destinations of all routes but default ones, of all tables: networks that are in use.</summary>
    public IReadOnlyList<IPNetwork> Destinations()
    {
        List<IPNetwork> networks = [];
        Call(new RouteMessage(RTM_GETROUTE, NLM_F_REQUEST | NLM_F_DUMP).Raw(new byte[12]), "routes", body =>
        {
            int prefix = body[1];
            if (prefix > 0 && body[0] is Libc.AF_INET or AF_INET6 && Find(body[12..], RTA_DST) is { Length: > 0 } destination)
                networks.Add(new IPNetwork(new IPAddress(destination), prefix));
        });
        return networks;
    }

    private void Change(RouteMessage request, string subject) => Call(request, subject, null);

    // Answers until the acknowledgement, the end of a list, or the one answer to a question.
    private void Call(RouteMessage request, string subject, Action<ReadOnlySpan<byte>>? answer)
    {
        uint sequence = ++_sequence;
        byte[] bytes = request.Finish(sequence).ToArray();
        ushort flags = (ushort)(BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(6)) | NLM_F_REQUEST | (answer is null ? NLM_F_ACK : 0));
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(6), flags);
        Libc.WriteAll(_socket, bytes);
        bool list = (flags & NLM_F_DUMP) == NLM_F_DUMP;
        while (true)
        {
            ReadOnlySpan<byte> rest = _answer.AsSpan(0, Libc.Read(_socket, _answer));
            while (rest.Length >= 16)
            {
                int length = BinaryPrimitives.ReadInt32LittleEndian(rest);
                if (length < 16 || length > rest.Length) throw new LinuxException("netlink", Errno.EINVAL, subject);
                ushort type = BinaryPrimitives.ReadUInt16LittleEndian(rest[4..]);
                ReadOnlySpan<byte> body = rest[16..length];
                bool ours = BinaryPrimitives.ReadUInt32LittleEndian(rest[8..]) == sequence;
                rest = rest[Math.Min(rest.Length, (length + 3) & ~3)..];
                if (!ours) continue;
                if (type == NLMSG_DONE) return;
                if (type == NLMSG_ERROR)
                {
                    int error = BinaryPrimitives.ReadInt32LittleEndian(body);
                    if (error != 0) throw new LinuxException("netlink", (Errno)(-error), subject);
                    return;
                }
                answer?.Invoke(body);
                if (!list) return;
            }
        }
    }

    private static int LinkIndex(ReadOnlySpan<byte> body) => BinaryPrimitives.ReadInt32LittleEndian(body[4..]);

    private static byte[]? Find(ReadOnlySpan<byte> attributes, ushort type)
    {
        while (attributes.Length >= 4)
        {
            int length = BinaryPrimitives.ReadUInt16LittleEndian(attributes);
            if (length < 4 || length > attributes.Length) return null;
            if (BinaryPrimitives.ReadUInt16LittleEndian(attributes[2..]) == type) return attributes[4..length].ToArray();
            attributes = attributes[Math.Min(attributes.Length, (length + 3) & ~3)..];
        }
        return null;
    }
}
