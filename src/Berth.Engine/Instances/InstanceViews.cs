using Berth.Engine.Execs;
using Berth.Engine.Machines;
using Berth.Engine.Networks;
using Berth.Engine.State;
using Berth.Images;
using Berth.Linux;

namespace Berth.Engine.Instances;

/// <summary>Shows instances as inspect and list do.</summary>
internal sealed class InstanceViews(EngineContext context, ExecService execs)
{
    public InstanceInspect Inspect(Instance instance, bool size)
    {
        InstanceDefinition definition = instance.Definition;
        string directory = context.Paths.Container(instance.Id);
        (long? rw, long? root) = size ? Sizes(instance) : (null, null);
        return new InstanceInspect
        {
            Id = instance.Id,
            Created = DockerTime.Format(definition.CreatedAt),
            Path = definition.Arguments[0],
            Args = [.. definition.Arguments.Skip(1)],
            State = StateView(instance),
            Image = definition.ImageId,
            ResolvConfPath = Path.Combine(directory, "resolv.conf"),
            HostnamePath = Path.Combine(directory, "hostname"),
            HostsPath = Path.Combine(directory, "hosts"),
            LogPath = definition.HostConfig.LogConfig?.Type == "none" ? "" : context.Paths.Logs(instance.Id),
            Name = "/" + instance.Name,
            RestartCount = instance.State.RestartCount,
            CpuEngine = definition.IsMachine ? MachineStarter.EngineOf(context.Paths.MachineConfig(instance.Id)) ?? MachineRules.RequestedEngine(definition.HostConfig) : null,
            ExecIDs = execs.RunningIn(instance) is { Count: > 0 } ids ? ids : null,
            HostConfig = definition.HostConfig,
            GraphDriver = new GraphDriverView { Name = definition.IsMachine ? "disk" : "overlay2", Data = GraphData(instance) },
            SizeRw = rw,
            SizeRootFs = root,
            Mounts = MountViews(definition),
            Config = definition.Config,
            NetworkSettings = NetworkViews.Settings(context, instance),
        };
    }

    public InstanceSummary Summary(Instance instance, bool size)
    {
        InstanceDefinition definition = instance.Definition;
        InstanceState state = instance.State;
        (long? rw, long? root) = size ? Sizes(instance) : (null, null);
        return new InstanceSummary
        {
            Id = instance.Id,
            Names = ["/" + instance.Name],
            Image = ImageName(definition),
            ImageID = definition.ImageId,
            Command = Command(definition.Arguments),
            Created = definition.CreatedAt.ToUnixTimeSeconds(),
            SizeRw = rw,
            SizeRootFs = root,
            Labels = definition.Config.Labels ?? new Dictionary<string, string>(),
            State = state.StatusText,
            Status = StatusText.Of(state, Health(instance)?.Status, context.Clock.GetUtcNow()),
            Ports = NetworkViews.Ports(context, definition),
            HostConfig = new SummaryHostConfig { NetworkMode = definition.HostConfig.NetworkMode ?? "", Runtime = definition.HostConfig.Runtime ?? "container" },
            NetworkSettings = new SummaryNetworkSettings { Networks = NetworkViews.Networks(context, definition) },
            Mounts = MountViews(definition),
        };
    }

    public static HealthView? Health(Instance instance) => HealthMonitor.IsWanted(instance.Definition.Config.Healthcheck)
        ? instance.Health?.View ?? new HealthView { Status = instance.State.IsRunning ? "starting" : "unhealthy" }
        : null;

    private static InstanceStateView StateView(Instance instance)
    {
        InstanceState state = instance.State;
        return new InstanceStateView
        {
            Status = state.StatusText,
            // Docker counts an instance between restarts as running.
            Running = state.IsRunning || state.Status == InstanceStatus.Restarting,
            Paused = state.Status == InstanceStatus.Paused,
            Restarting = state.Status == InstanceStatus.Restarting,
            OOMKilled = state.OomKilled,
            Dead = state.Status == InstanceStatus.Dead,
            Pid = state.Pid,
            ExitCode = state.ExitCode,
            Error = state.Error,
            StartedAt = DockerTime.Format(state.StartedAt),
            FinishedAt = DockerTime.Format(state.FinishedAt),
            Health = Health(instance),
        };
    }

    private Dictionary<string, string>? GraphData(Instance instance)
    {
        if (!context.Images.Store.TryGet(instance.Definition.ImageId, out Image? image) || instance.Definition.IsMachine)
            return null;
        return new Dictionary<string, string>
        {
            ["ID"] = instance.Id,
            ["LowerDir"] = string.Join(':', context.LowerDirectories(image.Id)),
            ["MergedDir"] = instance.State.IsRunning ? $"/proc/{instance.State.Pid}/root" : Path.Combine(context.Paths.Container(instance.Id), "merged"),
            ["UpperDir"] = context.Paths.Upper(instance.Id),
            ["WorkDir"] = context.Paths.Work(instance.Id),
        };
    }

    /// <summary>Bytes of what it wrote: its layer, or what its disk takes on the host.</summary>
    public long WritableSize(Instance instance)
    {
        if (!instance.Definition.IsMachine)
            return DirectorySize.Measure(context.Paths.Upper(instance.Id));
        string disk = MachinePlaces.OnHost(context.Paths.Machine(instance.Id), MachinePlaces.WritableDisk);
        return Libc.TryStatAt(null, disk, out Libc.statx status) == Errno.None ? (long)status.stx_blocks * 512 : 0;
    }

    private (long? Rw, long? Root) Sizes(Instance instance)
    {
        long rw = WritableSize(instance);
        return (rw, rw + (context.Images.Store.TryGet(instance.Definition.ImageId, out Image? image) ? image.Size : 0));
    }

    // The name the user gave, as long as it still means the image.
    private string ImageName(InstanceDefinition definition)
    {
        string name = definition.Config.Image ?? "";
        return context.Images.Store.TryGet(name, out Image? image) && image.Id == definition.ImageId ? name : definition.ImageId;
    }

    private static List<MountView> MountViews(InstanceDefinition definition) => [.. definition.Mounts.Select(static m => new MountView
    {
        Type = m.Type,
        Name = m.VolumeName,
        Source = m.Source,
        Destination = m.Destination,
        Driver = m.Type == "volume" ? "local" : null,
        Mode = m.Mode,
        RW = !m.ReadOnly,
        Propagation = m.Propagation,
    })];

    private static string Command(IReadOnlyList<string> arguments) => string.Join(' ', arguments.Select(static a => a.Contains(' ', StringComparison.Ordinal) ? $"'{a}'" : a));
}
