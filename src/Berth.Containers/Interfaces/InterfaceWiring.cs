using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Berth.Linux;
using Berth.Linux.Routing;
using static Berth.Linux.Libc;

namespace Berth.Containers.Interfaces;

/// <summary>Makes a container's interfaces. Runs on a thread that is in the container's network namespace.</summary>
internal static class InterfaceWiring
{
    /// <param name="host">Opened in the host's network namespace.</param>
    /// <param name="interfaces">What to make.</param>
    public static void Connect(RouteSocket host, IReadOnlyList<InterfaceConfig> interfaces)
    {
        using FileDescriptor here = Open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
        using var inside = RouteSocket.Open();
        foreach (InterfaceConfig config in interfaces)
            Connect(host, inside, here, config);
    }

    private static void Connect(RouteSocket host, RouteSocket inside, FileDescriptor here, InterfaceConfig config)
    {
        int bridge = host.Find(config.Bridge);
        if (bridge == 0) throw new LinuxException("netlink", Errno.ENODEV, config.Bridge);
        host.AddVeth(config.HostName, bridge, config.Mtu, config.Name, HardwareAddress.Parse(config.Mac), here);
        try
        {
            int outer = host.Find(config.HostName), inner = inside.Find(config.Name);
            host.DisableAutomaticAddresses(outer);
            host.SetUp(outer);
            (IPAddress Address, int Prefix)[] addresses = [.. config.Addresses.Select(ParseAddress)];
            if (!addresses.Any(static a => a.Address.AddressFamily == AddressFamily.InterNetworkV6)) inside.DisableAutomaticAddresses(inner);
            inside.SetUp(inner);
            foreach ((IPAddress address, int prefix) in addresses) inside.AddAddress(inner, address, prefix);
            foreach (string gateway in config.Gateways) inside.AddDefaultRoute(inner, IPAddress.Parse(gateway));
        }
        catch
        {
            host.Remove(config.HostName);
            throw;
        }
    }

    private static (IPAddress Address, int Prefix) ParseAddress(string text)
    {
        int slash = text.IndexOf('/', StringComparison.Ordinal);
        return slash > 0
            ? (IPAddress.Parse(text[..slash]), int.Parse(text[(slash + 1)..], CultureInfo.InvariantCulture))
            : throw new FormatException($"{text} is not an address with a prefix length");
    }
}
