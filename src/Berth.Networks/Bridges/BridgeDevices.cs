using System.Net;
using System.Security.Cryptography;
using Berth.Linux;
using Berth.Linux.Routing;
using Berth.Networks.Addresses;

namespace Berth.Networks.Bridges;

/// <summary>Bridges of the host and the kernel parameters they need.</summary>
public static class BridgeDevices
{
    // Between the look at what is in use and the new bridge no other daemon may take the same addresses.
    private const string LockFile = "/run/berth-networks.lock";

    // Milliseconds.
    private const int LongestPause = 50, Patience = 1000;

    private const string Ip = "/proc/sys/net/ipv4", Ip6 = "/proc/sys/net/ipv6";

    /// <summary>Makes a bridge ready, whatever is there of it already.</summary>
    /// <exception cref="NetworkException">The subnet is in use on the host, or the kernel refuses.</exception>
    public static void EnsureUp(BridgeConfig config)
    {
        try
        {
            using var socket = RouteSocket.Open();
            if (socket.Find(config.Name) == 0)
                Create(socket, config);
            if (!config.IsInternal)
                EnableForwarding(config.IPv6 is not null);
        }
        catch (LinuxException e)
        {
            throw new NetworkException(NetworkErrorCode.HostLacks, $"the bridge {config.Name} cannot be made: {e.Message}; --network none and host do without", e);
        }
    }

    /// <summary>Removes an interface; it may be gone already.</summary>
    public static void Remove(string name)
    {
        using var socket = RouteSocket.Open();
        socket.Remove(name);
    }

    /// <summary>
    /// Waits until an interface is gone with the namespace or process that had its other end. The kernel removes it together with the namespace;
    /// to remove it before would cost tens of milliseconds more in which nobody's interfaces can be made. When it stays, another process keeps the
    /// namespace: then it is removed.
    /// </summary>
    public static async Task UntilGoneAsync(string name)
    {
        using var socket = RouteSocket.Open();
        for (int pause = 2, waited = 0; socket.Find(name) != 0; pause = Math.Min(2 * pause, LongestPause))
        {
            if (waited > Patience)
            {
                socket.Remove(name);
                return;
            }
            await Task.Delay(pause);
            waited += pause;
        }
    }

    /// <summary>The daemon's interfaces that exist.</summary>
    public static IReadOnlyList<string> Existing(InterfaceNames names)
    {
        using var socket = RouteSocket.Open();
        return [.. socket.Interfaces().Where(names.IsOurs)];
    }

    /// <summary>Networks that the host has routes to.</summary>
    public static IReadOnlyList<IPNetwork> UsedNetworks()
    {
        using var socket = RouteSocket.Open();
        return socket.Destinations();
    }

    private static void Create(RouteSocket socket, BridgeConfig config)
    {
        using FileLock turn = FileLock.Take(LockFile);
        IReadOnlyList<IPNetwork> used = socket.Destinations();
        foreach (AddressPlan plan in config.Plans)
        {
            // Nearer routes are others' networks; a wider one merely leads there too.
            if (used.Any(network => network.PrefixLength >= plan.Subnet.PrefixLength && plan.Subnet.Overlaps(network)))
                throw new NetworkException(NetworkErrorCode.Taken, $"the subnet {plan.Subnet} is in use on this host: remove the network and create it with another --subnet");
        }
        socket.AddBridge(config.Name, config.Mtu, Mac(config.Name));
        try
        {
            int index = socket.Find(config.Name);
            if (config.IPv6 is null)
                socket.DisableAutomaticAddresses(index);
            socket.SetUp(index);
            foreach (AddressPlan plan in config.Plans)
                socket.AddAddress(index, plan.Gateway, plan.Subnet.PrefixLength);
        }
        catch
        {
            socket.Remove(config.Name);
            throw;
        }
    }

    // A bridge without an address of its own would take, and change with, the lowest of its ports'.
    private static byte[] Mac(string name)
    {
        byte[] mac = SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(name))[..6];
        mac[0] = (byte)((mac[0] | 2) & ~1);
        return mac;
    }

    private static void EnableForwarding(bool v6)
    {
        Set($"{Ip}/ip_forward", "1");
        if (!v6)
            return;
        // A router hears no advertisements unless told to; the host's own interfaces must not lose their routes by this.
        foreach (string directory in Directory.EnumerateDirectories($"{Ip6}/conf"))
        {
            string accept = Path.Combine(directory, "accept_ra");
            if (File.Exists(accept) && File.ReadAllText(accept).Trim() == "1")
                Set(accept, "2");
        }
        Set($"{Ip6}/conf/all/forwarding", "1");
    }

    private static void Set(string path, string value)
    {
        try
        {
            if (File.ReadAllText(path).Trim() != value)
                File.WriteAllText(path, value);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new NetworkException(NetworkErrorCode.HostLacks, $"{path} cannot be set to {value}: {e.Message}", e);
        }
    }
}
