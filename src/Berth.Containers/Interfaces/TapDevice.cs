using Berth.Linux;
using Berth.Linux.Routing;
using static Berth.Linux.Libc;

namespace Berth.Containers.Interfaces;

/// <summary>Makes taps that are ports of bridges.</summary>
public static class TapDevice
{
    /// <summary>Makes a tap in the calling thread's network namespace; it is gone when the last copy of its descriptor is closed.</summary>
    /// <exception cref="LinuxException">The bridge is missing, the name is taken, or the kernel refuses; nothing is left.</exception>
    public static FileDescriptor Open(TapConfig config)
    {
        using var host = RouteSocket.Open();
        return Open(config, host);
    }

    internal static FileDescriptor Open(TapConfig config, RouteSocket host)
    {
        FileDescriptor tap = OpenTap(config.HostName);
        try
        {
            int bridge = host.Find(config.Bridge), index = host.Find(config.HostName);
            if (bridge == 0) throw new LinuxException("netlink", Errno.ENODEV, config.Bridge);
            host.SetBridge(index, bridge, config.Mtu);
            host.DisableAutomaticAddresses(index);
            host.SetUp(index);
            return tap;
        }
        catch
        {
            tap.Dispose();
            throw;
        }
    }
}
