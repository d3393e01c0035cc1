using Berth.Containers.Security;
using Berth.Engine.Configuration;
using Berth.Engine.Machines;
using Berth.Engine.Planning;
using Berth.Engine.State;
using Berth.Images;

namespace Berth.Engine.Instances;

/// <summary>Makes instances. The directory comes first and the record last, so that a crash leaves nothing that a start does not sweep away.</summary>
internal sealed class InstanceCreator(EngineContext context, SpecSource specs)
{
    private readonly Lock _idRanges = new();

    public CreateResult Create(CreateRequest request)
    {
        if (context.Options.PrivateUserNamespaces && !request.HostConfig.IsMachine && string.IsNullOrEmpty(request.HostConfig.UsernsMode))
            request = request with { HostConfig = request.HostConfig with { UsernsMode = "private" } };
        IReadOnlyList<string> warnings = RequestValidator.Validate(request, context.Host);
        if (request.HostConfig.IsMachine)
            context.Kernels.RequireKnown(request.HostConfig.Annotations?.GetValueOrDefault(MachineRules.KernelAnnotation));
        Image image = context.Images.Get(request.Config.Image!);
        string id = InstanceNames.NewId();
        InstanceDefinition definition = Define(id, request, image);
        if (definition.HostConfig.UsernsMode == "private")
            definition = definition with { IdBase = UserNamespaces.Allocate([]) }; // to be checked with; its own comes when it is registered
        specs.Check(definition);
        string name = Reserve(request.Name, id);
        try
        {
            InstanceFiles.Create(context.Paths, definition);
            foreach (PlannedMount mount in definition.Mounts.Where(static m => m.Type == "volume"))
                context.Volumes.Ensure(mount.VolumeName!, mount.Anonymous, mount.VolumeLabels, mount.VolumeOptions);
            Instance instance = Register(name, definition);
            context.Events.Publish(instance, "create");
        }
        catch
        {
            context.Registry.Release(name);
            Undo(definition);
            throw;
        }
        return new CreateResult { Id = id, Warnings = warnings };
    }

    private Instance Register(string name, InstanceDefinition definition)
    {
        lock (_idRanges)
        {
            if (definition.HostConfig.UsernsMode == "private")
                definition = definition with { IdBase = UserNamespaces.Allocate(context.Registry.All.Select(static i => i.Definition)) };
            var instance = new Instance(name, definition, InstanceState.Initial);
            context.Store.Insert(new InstanceRow(name, definition, InstanceState.Initial));
            context.Registry.Add(instance);
            return instance;
        }
    }

    private void Undo(InstanceDefinition definition)
    {
        try
        {
            Trees.Delete(context.Paths.Container(definition.Id));
            foreach (PlannedMount mount in definition.Mounts.Where(static m => m.Anonymous))
                context.Volumes.RemoveAnonymous(mount.VolumeName!);
        }
        catch (Exception e) when (e is IOException or EngineException)
        {
            // The first error is the one to tell; the next start sweeps.
            EngineLog.Failed(context.Log, definition.Id, "undoing its creation", e);
        }
    }

    private InstanceDefinition Define(string id, CreateRequest request, Image image)
    {
        (string network, NetworkingConfig networking) = NetworkRules.Resolve(request, context.Networks);
        request = request with { HostConfig = request.HostConfig with { NetworkMode = network } };
        HostConfig host = Normalized(request.HostConfig.IsMachine ? request.HostConfig with { Memory = MachineSize.Memory(request.HostConfig) } : request.HostConfig);
        InstanceConfig config = ConfigMerge.Merge(request.Config, image.Config.Config);
        IReadOnlyList<string> arguments = [.. config.Entrypoint ?? [], .. config.Cmd ?? []];
        if (arguments.Count == 0 || arguments is [""])
            throw EngineException.Invalid("Cmd: no command specified: the image has none, give one");
        HealthRules.Check(config.Healthcheck);
        foreach (string? mode in (ReadOnlySpan<string?>)[host.NetworkMode, host.PidMode, host.IpcMode, host.UsernsMode])
        {
            if (mode is not null && mode.StartsWith("container:", StringComparison.Ordinal))
                context.Registry.Get(mode["container:".Length..]);
        }
        IReadOnlyList<PlannedMount> mounts = MountPlanner.Plan(
            config, host, context.Paths.VolumeData, InstanceNames.NewId, name => context.Registry.Get(name).Definition.Mounts, name => context.Images.Get(name).Id);
        if (host.IsMachine)
            MachineFolders.Check(mounts);
        InstanceFiles.CheckBindSources([.. mounts.Where(static m => !m.CreateSource)]);
        if (string.IsNullOrEmpty(config.Hostname) && host.UTSMode != "host" && host.NetworkMode != "host")
            config = config with { Hostname = JoinedHostName(host.NetworkMode) ?? id[..12] };
        return new InstanceDefinition
        {
            Id = id,
            CreatedAt = context.Clock.GetUtcNow(),
            ImageId = image.Id,
            Config = config,
            HostConfig = host,
            NetworkingConfig = networking,
            Arguments = arguments,
            Mounts = mounts,
        };
    }

    // The joined instance's /etc/hosts has its name.
    private string? JoinedHostName(string? mode) => mode is not null && mode.StartsWith("container:", StringComparison.Ordinal)
        ? context.Registry.Get(mode["container:".Length..]).Definition.Config.Hostname
        : null;

    /// <summary>What unset means, written down as inspect shows it.</summary>
    private HostConfig Normalized(HostConfig host) => host with
    {
        IpcMode = string.IsNullOrEmpty(host.IpcMode) ? "private" : host.IpcMode,
        CgroupnsMode = string.IsNullOrEmpty(host.CgroupnsMode) ? host.Privileged && !context.Host.CgroupV2 ? "host" : "private" : host.CgroupnsMode,
        RestartPolicy = host.RestartPolicy is { Name.Length: > 0 } policy ? policy : new RestartPolicy { Name = "no" },
        LogConfig = host.LogConfig is { Type.Length: > 0 } log ? log : new LogConfig { Type = "json-file", Config = host.LogConfig?.Config ?? new Dictionary<string, string>() },
        Runtime = host.Runtime is null or "" or "berth" or "runc" or "io.containerd.runc.v2" ? "container" : host.Runtime,
        ShmSize = host.ShmSize > 0 ? host.ShmSize : 64 * 1024 * 1024,
        MemorySwappiness = host.MemorySwappiness == -1 ? null : host.MemorySwappiness,
        MemorySwap = host.Memory > 0 && host.MemorySwap == 0 && context.Host.SwapAccounting ? checked(host.Memory * 2) : host.MemorySwap,
        PidsLimit = host.PidsLimit is 0 or -1 ? null : host.PidsLimit,
        MaskedPaths = host.Privileged ? null : host.MaskedPaths ?? DefaultPaths.Masked,
        ReadonlyPaths = host.Privileged ? null : host.ReadonlyPaths ?? DefaultPaths.Readonly,
        Unknown = null,
    };

    private string Reserve(string? wanted, string id)
    {
        if (!string.IsNullOrEmpty(wanted))
        {
            string name = wanted.TrimStart('/');
            context.Registry.Reserve(name, id);
            return name;
        }
        for (int attempt = 0; ; attempt++)
        {
            string name = InstanceNames.Generate(attempt);
            if (context.Registry.TryReserve(name, id))
                return name;
        }
    }
}
