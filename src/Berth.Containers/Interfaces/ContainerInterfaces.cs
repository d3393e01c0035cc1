using Berth.Containers.Processes;
using Berth.Linux;
using Berth.Linux.Routing;
using static Berth.Linux.Libc;

namespace Berth.Containers.Interfaces;

/// <summary>Interfaces of running containers.</summary>
public static class ContainerInterfaces
{
    /// <summary>Adds an interface to a running container, given by one of its processes.</summary>
    /// <exception cref="LinuxException">It has ended, or the kernel refuses; nothing is left.</exception>
    public static void Add(int pid, InterfaceConfig config) => Inside(pid, host => InterfaceWiring.Connect(host, [config]));

    /// <summary>Gives the default route to an interface that a running container has.</summary>
    /// <exception cref="LinuxException">It has ended, has such a route, or the kernel refuses.</exception>
    public static void SetGateways(int pid, InterfaceConfig config) => Inside(pid, _ =>
    {
        using var inside = RouteSocket.Open();
        foreach (string gateway in config.Gateways) inside.AddDefaultRoute(inside.Find(config.Name), System.Net.IPAddress.Parse(gateway));
    });

    private static void Inside(int pid, Action<RouteSocket> work)
    {
        using FileDescriptor process = OpenProcess(pid);
        ThrowAwayThread.Run(() =>
        {
            using var host = RouteSocket.Open();
            EnterNamespace(process, CLONE_NEWNET, "the container's network");
            work(host);
            return true;
        });
    }
}
