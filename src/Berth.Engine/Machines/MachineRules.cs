using Berth.Engine.Configuration;
using Berth.Vmm.Control;

namespace Berth.Engine.Machines;

/// <summary>What of a creation request has a meaning for a virtual machine. The rest is refused by name, with the way out; nothing is ignored.</summary>
internal static class MachineRules
{
    /// <summary>The annotation that chooses a kernel of the store.</summary>
    public const string KernelAnnotation = "berth.kernel";

    /// <summary>The annotation that chooses what the processors are, one of <see cref="CpuEngines"/>.</summary>
    public const string CpuEngineAnnotation = "berth.cpu-engine";

    /// <summary>What that annotation may say.</summary>
    public static IReadOnlyList<string> CpuEngines { get; } = ["auto", "kvm", "translator", "interpreter"];

    /// <summary>The annotation by which a machine does without user code on the host's own processor: "false".</summary>
    public const string DirectExecutionAnnotation = "berth.direct-execution";

    private const int MaxLimits = 16;

    public static void Check(CreateRequest request)
    {
        InstanceConfig config = request.Config;
        HostConfig host = request.HostConfig;
        CheckSize(host);
        if (!CpuEngines.Contains(RequestedEngine(host)))
            throw EngineException.Invalid($"HostConfig.Annotations[{CpuEngineAnnotation}]: \"{RequestedEngine(host)}\" is none of {string.Join(", ", CpuEngines)}");
        if (host.Annotations?.GetValueOrDefault(DirectExecutionAnnotation) is { } direct and not ("true" or "false"))
            throw EngineException.Invalid($"HostConfig.Annotations[{DirectExecutionAnnotation}]: \"{direct}\" is neither true nor false");
        CheckFiles(host);
        CheckNetwork(host);
        CheckCards(request.NetworkingConfig.EndpointsConfig?.Count ?? 0);
        CheckNamespaces(config, host);
        CheckRights(host);
    }

    /// <summary>What the processors shall be; "auto" unless something is asked for.</summary>
    public static string RequestedEngine(HostConfig host) => host.Annotations?.GetValueOrDefault(CpuEngineAnnotation) ?? CpuEngines[0];

    /// <summary>Whether busy user code of a machine without KVM may run on the host's processor itself.</summary>
    public static bool AllowsDirectExecution(HostConfig host) => host.Annotations?.GetValueOrDefault(DirectExecutionAnnotation) != "false";

    /// <summary>Memory and disk; the limits of processor time are checked as a container's.</summary>
    public static void CheckSize(HostConfig host)
    {
        if (host.Memory is > 0 and < MachineLimits.MinMemory)
            throw EngineException.Invalid($"HostConfig.Memory: {Amount(host.Memory)} are too small for a virtual machine: use at least {MachineLimits.MinMemory >> 20}m");
        if (host.Memory > MachineLimits.MaxMemory)
            throw EngineException.Invalid($"HostConfig.Memory: {Amount(host.Memory)} are too large for a virtual machine: use at most {MachineLimits.MaxMemory >> 30}g");
        foreach (string option in host.StorageOpt?.Keys ?? [])
        {
            if (option != MachineSize.DiskOption)
                throw EngineException.Invalid($"HostConfig.StorageOpt: \"{option}\" is not an option of a virtual machine's disk: the one there is is size=16g");
        }
        MachineSize.Disk(host);
        if (host.PidsLimit is not (null or 0 or -1))
            throw Absent("HostConfig.PidsLimit", "its kernel counts its own processes", "leave --pids-limit out");
        if (host.Ulimits?.Count > MaxLimits)
            throw EngineException.Invalid($"HostConfig.Ulimits: a process in a virtual machine takes at most {MaxLimits}");
    }

    /// <summary>As many networks as the machine has slots for their cards.</summary>
    public static void CheckCards(int networks)
    {
        if (networks > MachineLimits.MaxNetworkCards)
            throw EngineException.Invalid($"NetworkingConfig.EndpointsConfig: a virtual machine can be on at most {MachineLimits.MaxNetworkCards} networks, not {networks}");
    }

    private static void CheckFiles(HostConfig host)
    {
        if (host.ReadonlyRootfs)
            throw Absent("HostConfig.ReadonlyRootfs", "its root is always writable, on a disk of its own", "leave --read-only out");
    }

    private static void CheckNetwork(HostConfig host)
    {
        const string Why = "its network is its own kernel's", Fix = "use --network with a network's name or none, or --runtime container";
        if (host.NetworkMode is { } mode && (mode == "host" || mode.StartsWith("container:", StringComparison.Ordinal)))
            throw Absent("HostConfig.NetworkMode", Why, Fix);
    }

    private static void CheckNamespaces(InstanceConfig config, HostConfig host)
    {
        const string Why = "it has a kernel of its own and shares none of the host's namespaces", Fix = "leave it out, or use --runtime container";
        Own("HostConfig.PidMode", host.PidMode);
        Own("HostConfig.IpcMode", host.IpcMode);
        Own("HostConfig.UTSMode", host.UTSMode);
        Own("HostConfig.UsernsMode", host.UsernsMode);
        Own("HostConfig.CgroupnsMode", host.CgroupnsMode);
        if (host.Sysctls is { Count: > 0 })
            throw Absent("HostConfig.Sysctls", "nobody sets its kernel's parameters from outside yet", "set them inside, as root of its own kernel, or use --runtime container");
        if (!string.IsNullOrEmpty(config.Domainname))
            throw Absent("Domainname", "its NIS domain is not set from outside", "leave --domainname out");

        static void Own(string field, string? mode)
        {
            if (mode is not (null or "" or "private"))
                throw Absent(field, Why, Fix);
        }
    }

    private static void CheckRights(HostConfig host)
    {
        const string Why = "root in a virtual machine has every right over its own kernel and none over the host", Fix = "leave it out";
        if (host.Privileged)
            throw Absent("HostConfig.Privileged", Why, Fix);
        if (host.CapAdd is { Count: > 0 })
            throw Absent("HostConfig.CapAdd", Why, Fix);
        if (host.CapDrop is { Count: > 0 })
            throw Absent("HostConfig.CapDrop", Why, "run as another user with --user");
        if (host.SecurityOpt?.FirstOrDefault(static option => option.Split('=', ':')[0] != "no-new-privileges") is { } refused)
            throw Absent($"HostConfig.SecurityOpt \"{refused}\"", "its processes are confined by the machine, not by the host's kernel", "leave all but no-new-privileges out");
        if (host.MaskedPaths is not null || host.ReadonlyPaths is not null)
            throw Absent("HostConfig.MaskedPaths, ReadonlyPaths", "its /proc and /sys are its own", Fix);
        if (host.Devices is { Count: > 0 } || host.DeviceCgroupRules is { Count: > 0 } || host.DeviceRequests is { Count: > 0 })
            throw Absent("HostConfig.Devices, DeviceCgroupRules, DeviceRequests", "host devices cannot be handed into it yet", "leave --device and --gpus out, or use --runtime container");
    }

    private static EngineException Absent(string field, string why, string fix) =>
        EngineException.NotImplemented($"{field}: not for a virtual machine: {why}: {fix}");

    private static string Amount(long bytes) => bytes % (1 << 20) == 0 ? $"{bytes >> 20} MiB" : $"{bytes} bytes";
}
