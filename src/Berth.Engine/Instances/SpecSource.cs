using Berth.Containers.Spec;
using Berth.Containers.Supervision;
using Berth.Engine.Configuration;
using Berth.Engine.Machines;
using Berth.Engine.Planning;
using Berth.Engine.State;
using Berth.Vmm.Control;
using LogConfig = Berth.Containers.Supervision.LogConfig;

namespace Berth.Engine.Instances;

/// <summary>Start requests: the specification with what this host and the other instances add.</summary>
internal sealed class SpecSource(EngineContext context)
{
    public RuntimeSpec Build(InstanceDefinition definition, bool joins) => Checked(() => SpecBuilder.Build(definition, Inputs(definition, joins)));

    /// <summary>The sandbox of a virtual machine's berth-vmm.</summary>
    public RuntimeSpec BuildMachine(InstanceDefinition definition, MachineParts parts, CpuEngine engine = CpuEngine.Translator) =>
        Checked(() => MachineSpec.Build(definition, Inputs(definition, joins: false), context.Machines, parts, context.Paths.Machine(definition.Id), engine));

    public SeccompSpec? MachineFilter(InstanceDefinition definition) => MachineSpec.Seccomp(Inputs(definition, joins: false));

    /// <summary>Refuses what only the whole definition shows.</summary>
    public void Check(InstanceDefinition definition)
    {
        if (!definition.IsMachine)
        {
            Build(definition, joins: false);
            return;
        }
        BuildMachine(definition, new MachineParts("/", "/", "/", "/"));
        MachinePlan.Workload(definition, HostName(definition));
    }

    public RootfsRequest Overlay(InstanceDefinition definition) => new()
    {
        LowerDirectories = context.LowerDirectories(definition.ImageId),
        UpperDirectory = context.Paths.Upper(definition.Id),
        WorkDirectory = context.Paths.Work(definition.Id),
    };

    public StartRequest Request(InstanceDefinition definition, RuntimeSpec spec, RootfsRequest rootfs)
    {
        InstanceConfig config = definition.Config;
        Configuration.LogConfig? log = definition.HostConfig.LogConfig;
        string? size = log?.Config?.GetValueOrDefault("max-size");
        string? files = log?.Config?.GetValueOrDefault("max-file");
        return new StartRequest
        {
            Id = definition.Id,
            Spec = spec,
            Rootfs = rootfs,
            User = string.IsNullOrEmpty(config.User) ? null : config.User,
            GroupAdd = definition.HostConfig.GroupAdd ?? [],
            Init = definition.HostConfig.Init ?? false,
            Tty = config.Tty,
            OpenStdin = config.OpenStdin,
            StdinOnce = config.StdinOnce,
            ConsoleSize = definition.HostConfig.ConsoleSize is [> 0 and var rows, > 0 and var columns] ? new TerminalSize(rows, columns) : null,
            Log = new LogConfig
            {
                Directory = context.Paths.Logs(definition.Id),
                MaxSizeBytes = size is null ? 0 : ByteSize.Parse(size, "max-size"),
                MaxFiles = files is null ? 1 : int.Parse(files),
                Disabled = log?.Type == "none",
            },
        };
    }

    public string HostName(InstanceDefinition definition) => SpecBuilder.HostName(definition, Inputs(definition, joins: false));

    private static RuntimeSpec Checked(Func<RuntimeSpec> build)
    {
        try
        {
            RuntimeSpec spec = build();
            SpecValidator.ThrowIfInvalid(spec);
            return spec;
        }
        catch (Exception e) when (e is SpecException or ArgumentException or OverflowException)
        {
            throw new EngineException(EngineErrorKind.InvalidParameter, e.Message, e);
        }
    }

    private SpecInputs Inputs(InstanceDefinition definition, bool joins) => new()
    {
        Host = context.Host,
        CgroupPath = context.CgroupPath(definition),
        FilesDirectory = context.Paths.Container(definition.Id),
        PidOf = name => joins ? Running(name).State.Pid : 1,
        HasOwnUsers = HasOwnUsers,
        Seccomp = Seccomp.Resolve,
        LayersOf = context.LowerDirectories,
    };

    private bool HasOwnUsers(string name)
    {
        // Through those that join another's; a circle cannot run, so its answer does not matter.
        for (int i = 0; i < 16; i++)
        {
            HostConfig host = context.Registry.Get(name).Definition.HostConfig;
            if (UserNamespaces.Joined(host) is not { } other)
                return host.UsernsMode == "private";
            name = other;
        }
        return true;
    }

    private Instance Running(string name)
    {
        Instance instance = context.Registry.Get(name);
        return instance.State.IsRunning ? instance : throw EngineException.Conflict($"cannot join the namespaces of a non running container: {name}: start it first");
    }
}
