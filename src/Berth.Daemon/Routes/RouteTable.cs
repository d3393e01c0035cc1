using Berth.Daemon.Hosting;
using Berth.Daemon.Http;
using Berth.Engine;

namespace Berth.Daemon.Routes;

/// <summary>Every route of the daemon, one line per resource.</summary>
internal static class RouteTable
{
    public static IReadOnlyList<Route> All(BerthEngine engine, DaemonOptions options) =>
    [
        .. PingRoutes.List(),
        .. new SystemRoutes(engine).List(),
        .. new ContainerRoutes(engine.Instances).List(),
        .. new ContainerStreamRoutes(engine.Instances).List(),
        .. new ContainerFileRoutes(engine.Instances).List(),
        .. new ExecRoutes(engine.Execs).List(),
        .. new ImageRoutes(engine.Images).List(),
        .. new ImageTransferRoutes(engine.Images, engine.Registries).List(),
        .. new RegistryRoutes(engine.Images, engine.Registries).List(),
        .. new VolumeRoutes(engine.Volumes).List(),
        .. new NetworkRoutes(engine.Networks).List(),
        .. new MachineRoutes(engine.Kernels, engine.Instances).List(),
        .. new BerthRoutes(options).List(),
        .. new BuildRoutes(engine.Builds).List(),
        .. SwarmRoutes.List(),
    ];
}
