using Berth.Containers.Security;
using Berth.Containers.Spec;
using Berth.Engine.Configuration;
using Berth.Engine.State;

namespace Berth.Engine.Planning;

/// <summary>Instance definition → OCI runtime specification. No effect on the host. [OCI-RT] config.md, config-linux.md.</summary>
internal static class SpecBuilder
{
    public const string DefaultPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    public static RuntimeSpec Build(InstanceDefinition definition, SpecInputs inputs)
    {
        InstanceConfig config = definition.Config;
        HostConfig host = definition.HostConfig;
        SecurityOptions security = SecurityOptions.Parse(host);
        CapabilitySet capabilities = CapabilityRules.Resolve(host.CapAdd ?? [], host.CapDrop ?? [], host.Privileged, inputs.Host.Capabilities);
        string hostName = HostName(definition, inputs);
        bool ownUts = host.UTSMode != "host";
        return new RuntimeSpec
        {
            OciVersion = "1.2.0",
            Process = new ProcessSpec
            {
                Terminal = config.Tty,
                ConsoleSize = config.Tty && host.ConsoleSize is [> 0 and var height, > 0 and var width]
                    ? new ConsoleSize { Height = (uint)height, Width = (uint)width }
                    : null,
                Args = definition.Arguments,
                Env = Environment(config, hostName),
                Cwd = string.IsNullOrEmpty(config.WorkingDir) ? "/" : config.WorkingDir,
                Capabilities = Capabilities(capabilities),
                Rlimits = [.. (host.Ulimits ?? []).Select(static u => Rlimits.FromUlimit(u.Name!, u.Soft, u.Hard))],
                NoNewPrivileges = security.NoNewPrivileges,
                OomScoreAdj = host.OomScoreAdj == 0 ? null : host.OomScoreAdj,
            },
            Root = new RootSpec { Path = "rootfs", Readonly = host.ReadonlyRootfs },
            Hostname = ownUts ? hostName : null,
            Domainname = ownUts && !string.IsNullOrEmpty(config.Domainname) ? config.Domainname : null,
            Mounts = MountList.Build(definition, inputs),
            Annotations = host.Annotations ?? new Dictionary<string, string>(),
            Linux = new LinuxSpec
            {
                Namespaces = Namespaces(host, inputs),
                UidMappings = UserNamespaces.Mapping(definition.IdBase),
                GidMappings = UserNamespaces.Mapping(definition.IdBase),
                Devices = [.. Devices(host, inputs).Select(static d => d.Node)],
                CgroupsPath = inputs.CgroupPath,
                Resources = ResourcePlan.Build(host, inputs.Host) with { Devices = Rules(host, inputs) },
                Sysctl = host.Sysctls ?? new Dictionary<string, string>(),
                Seccomp = security.SeccompUnconfined ? null : inputs.Seccomp(security.SeccompProfile, capabilities),
                RootfsPropagation = RootfsPropagation(definition),
                MaskedPaths = host.Privileged || security.PathsUnconfined ? [] : host.MaskedPaths ?? DefaultPaths.Masked,
                ReadonlyPaths = host.Privileged || security.PathsUnconfined ? [] : host.ReadonlyPaths ?? DefaultPaths.Readonly,
            },
        };
    }

    public static string HostName(InstanceDefinition definition, SpecInputs inputs)
    {
        if (!string.IsNullOrEmpty(definition.Config.Hostname))
            return definition.Config.Hostname;
        return definition.HostConfig.UTSMode == "host" || definition.HostConfig.NetworkMode == "host" ? inputs.Host.HostName : definition.Id[..12];
    }

    public static IReadOnlyList<string> Environment(InstanceConfig config, string hostName)
    {
        var defaults = new List<string> { DefaultPath, "HOSTNAME=" + hostName };
        if (config.Tty)
            defaults.Add("TERM=xterm");
        return ConfigMerge.Environment(defaults, config.Env);
    }

    public static CapabilitiesSpec Capabilities(CapabilitySet set)
    {
        IReadOnlyList<string> names = set.Names();
        return new CapabilitiesSpec { Bounding = names, Effective = names, Permitted = names };
    }

    private static List<NamespaceSpec> Namespaces(HostConfig host, SpecInputs inputs)
    {
        var list = new List<NamespaceSpec> { new() { Type = NamespaceType.Mount } };
        if (UserNamespaces.Joined(host) is { } other ? inputs.HasOwnUsers(other) : host.UsernsMode == "private")
            Add(NamespaceType.User, host.UsernsMode, "user");
        Add(NamespaceType.Pid, host.PidMode, "pid");
        Add(NamespaceType.Network, host.NetworkMode, "net");
        Add(NamespaceType.Ipc, host.IpcMode, "ipc");
        if (host.UTSMode != "host")
            Add(NamespaceType.Uts, null, "uts");
        if (host.CgroupnsMode != "host" && !(host.Privileged && string.IsNullOrEmpty(host.CgroupnsMode) && !inputs.Host.CgroupV2))
            Add(NamespaceType.Cgroup, null, "cgroup");
        return list;

        void Add(string type, string? mode, string file)
        {
            if (mode == "host")
                return;
            bool join = mode is not null && mode.StartsWith("container:", StringComparison.Ordinal);
            list.Add(new NamespaceSpec { Type = type, Path = join ? $"/proc/{inputs.PidOf(mode!["container:".Length..])}/ns/{file}" : null });
        }
    }

    private static IEnumerable<(DeviceSpec Node, DeviceRule Rule)> Devices(HostConfig host, SpecInputs inputs)
    {
        foreach (DeviceMapping mapping in host.Devices ?? [])
        {
            foreach ((DeviceSpec Node, DeviceRule Rule) device in inputs.Devices(mapping))
                yield return device;
        }
        if (!host.Privileged)
            yield break;
        foreach ((DeviceSpec Node, DeviceRule Rule) device in inputs.Devices(new DeviceMapping { PathOnHost = "/dev" }))
        {
            // Terminals, shared memory and message queues are the instance's own.
            bool own = device.Node.Path.StartsWith("/dev/pts/", StringComparison.Ordinal) || device.Node.Path.StartsWith("/dev/shm/", StringComparison.Ordinal)
                || device.Node.Path.StartsWith("/dev/mqueue/", StringComparison.Ordinal) || device.Node.Path is "/dev/console" or "/dev/ptmx" or "/dev/tty"
                    or "/dev/null" or "/dev/zero" or "/dev/full" or "/dev/random" or "/dev/urandom";
            if (!own)
                yield return device;
        }
    }

    private static List<DeviceRule> Rules(HostConfig host, SpecInputs inputs)
    {
        if (host.Privileged)
            return [.. DefaultDevices.PrivilegedRules];
        return [.. DefaultDevices.Rules, .. Devices(host, inputs).Select(static d => d.Rule), .. (host.DeviceCgroupRules ?? []).Select(DeviceRules.ParseRule)];
    }

    private static string? RootfsPropagation(InstanceDefinition definition)
    {
        string? result = null;
        foreach (PlannedMount mount in definition.Mounts)
        {
            if (mount.Propagation is "shared" or "rshared")
                return "rshared";
            if (mount.Propagation is "slave" or "rslave")
                result = "rslave";
        }
        return result;
    }
}
