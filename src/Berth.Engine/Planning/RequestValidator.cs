using Berth.Containers.Security;
using Berth.Engine.Configuration;
using Berth.Engine.Machines;

namespace Berth.Engine.Planning;

/// <summary>Checks a whole creation request before anything acts on it. Every refusal names the field and the way out; warnings name what is left out.</summary>
internal static class RequestValidator
{
    private const long MinMemory = 6 * 1024 * 1024;
    private const long MaxMemory = 1L << 60;
    private const long MaxProcesses = 4 * 1024 * 1024; // PID_MAX_LIMIT of the kernel
    private const long MaxQuota = 1L << 44; // MAX_BW of the kernel, microseconds
    private const int MaxListLength = 4096;
    private static readonly string[] LogOptions = ["max-size", "max-file", "mode", "max-buffer-size", "compress", "tag", "labels", "env", "labels-regex", "env-regex"];

    public static IReadOnlyList<string> Validate(CreateRequest request, HostFacts facts)
    {
        var warnings = new List<string>();
        InstanceConfig config = request.Config;
        HostConfig host = request.HostConfig;
        UnknownFields.Refuse(config.Unknown, "");
        UnknownFields.Refuse(host.Unknown, "HostConfig.");
        UnknownFields.Refuse(request.NetworkingConfig.Unknown, "NetworkingConfig.");
        if (!string.IsNullOrEmpty(request.Name))
            InstanceNames.Validate(request.Name);
        if (!string.IsNullOrEmpty(request.Platform) && request.Platform is not ("linux" or "linux/amd64" or "linux/x86_64"))
            throw EngineException.NotImplemented($"platform: \"{request.Platform}\" cannot run on this host: use linux/amd64");
        if (string.IsNullOrEmpty(config.Image))
            throw EngineException.Invalid("Image: no image given");
        CheckConfig(config);
        CheckRuntime(host);
        if (host.IsMachine)
            MachineRules.Check(request);
        NetworkRules.Check(request, warnings);
        CheckNamespaces(config, host);
        CheckResources(host, facts, warnings);
        CheckRestart(host.RestartPolicy, host.AutoRemove);
        CheckLog(host.LogConfig);
        CheckSecurity(host, facts, warnings);
        return warnings;
    }

    internal static void CheckRestart(RestartPolicy? policy, bool autoRemove)
    {
        if (policy is null)
            return;
        if (policy.Name is not (null or "" or "no" or "on-failure" or "always" or "unless-stopped"))
            throw EngineException.Invalid($"HostConfig.RestartPolicy.Name: invalid restart policy: unknown policy '{policy.Name}'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'");
        if (policy.MaximumRetryCount < 0)
            throw EngineException.Invalid("HostConfig.RestartPolicy.MaximumRetryCount: invalid restart policy: maximum retry count cannot be negative");
        if (policy.MaximumRetryCount > 0 && policy.Name != "on-failure")
            throw EngineException.Invalid("HostConfig.RestartPolicy.MaximumRetryCount: invalid restart policy: maximum retry count can only be used with 'on-failure'");
        if (autoRemove && policy.Name is not (null or "" or "no"))
            throw EngineException.Invalid("can't create 'AutoRemove' container with restart policy: give HostConfig.AutoRemove or HostConfig.RestartPolicy, not both");
    }

    internal static void CheckResources(Resources resources, HostFacts facts, List<string> warnings)
    {
        if (resources.Memory is < 0 or > 0 and < MinMemory)
            throw EngineException.Invalid("HostConfig.Memory: Minimum memory limit allowed is 6MB");
        if (resources.Memory > MaxMemory || resources.MemorySwap > MaxMemory || resources.MemoryReservation > MaxMemory)
            throw EngineException.Invalid($"HostConfig.Memory, MemorySwap, MemoryReservation: more than {MaxMemory} bytes: leave out what has no limit");
        if (resources.PidsLimit > MaxProcesses)
            throw EngineException.Invalid($"HostConfig.PidsLimit: the kernel has at most {MaxProcesses} processes: leave it out for no limit");
        if (resources.MemorySwap < -1)
            throw EngineException.Invalid("HostConfig.MemorySwap: use -1 for unlimited, 0 for the default or a number of bytes");
        if (resources.MemorySwap > 0 && resources.Memory == 0)
            throw EngineException.Invalid("HostConfig.MemorySwap: You should always set the Memory limit when using Memoryswap limit, see usage");
        if (resources.MemorySwap > 0 && resources.MemorySwap < resources.Memory)
            throw EngineException.Invalid("HostConfig.MemorySwap: Minimum memoryswap limit should be larger than memory limit, see usage");
        if (resources.MemorySwap > 0 && !facts.SwapAccounting)
            warnings.Add("Your kernel does not support swap limit capabilities or the cgroup is not mounted. Memory limited without swap.");
        if (resources.MemoryReservation < 0 || (resources.Memory > 0 && resources.MemoryReservation > resources.Memory))
            throw EngineException.Invalid("HostConfig.MemoryReservation: Minimum memory limit can not be less than memory reservation limit, see usage");
        if (resources.MemorySwappiness is < -1 or > 100)
            throw EngineException.Invalid($"HostConfig.MemorySwappiness: Invalid value: {resources.MemorySwappiness}, valid memory swappiness range is 0-100");
        if (resources.OomKillDisable == true && facts.CgroupV2)
            warnings.Add("Your kernel does not support OomKillDisable. OomKillDisable discarded.");
        if (resources.NanoCpus < 0 || resources.NanoCpus > facts.Processors * 1_000_000_000L)
            throw EngineException.Invalid($"HostConfig.NanoCpus: range of CPUs is from 0.01 to {facts.Processors}.00, as there are only {facts.Processors} CPUs available");
        if (resources.NanoCpus > 0 && (resources.CpuPeriod > 0 || resources.CpuQuota > 0))
            throw EngineException.Invalid("HostConfig.NanoCpus: Conflicting options: Nano CPUs and CPU Period/Quota cannot both be set");
        if (resources.CpuPeriod is < 0 or > 0 and < 1000 or > 1_000_000)
            throw EngineException.Invalid("HostConfig.CpuPeriod: CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)");
        if (resources.CpuQuota is > 0 and < 1000)
            throw EngineException.Invalid("HostConfig.CpuQuota: CPU cfs quota can not be less than 1ms (i.e. 1000)");
        if (resources.CpuQuota >= MaxQuota)
            throw EngineException.Invalid($"HostConfig.CpuQuota: must be less than {MaxQuota}: leave it out for no limit");
        if (resources.CpuShares < 0)
            throw EngineException.Invalid($"HostConfig.CpuShares: invalid CPU shares ({resources.CpuShares}): value must be a positive integer");
        if (resources.BlkioWeight is > 0 and (< 10 or > 1000))
            throw EngineException.Invalid("HostConfig.BlkioWeight: Range of blkio weight is from 10 to 1000");
        if (resources.KernelMemory is not (null or 0) || resources.KernelMemoryTCP is not (null or 0))
            throw EngineException.Invalid("HostConfig.KernelMemory: the kernel no longer has this limit: leave it out and use Memory");
        if (resources.CpuCount != 0 || resources.CpuPercent != 0 || resources.IOMaximumIOps != 0 || resources.IOMaximumBandwidth != 0)
            throw EngineException.Invalid("HostConfig.CpuCount, CpuPercent, IOMaximumIOps and IOMaximumBandwidth are Windows settings: leave them out");
        if (resources.DeviceRequests is { Count: > 0 })
            throw EngineException.NotImplemented("HostConfig.DeviceRequests: no device driver is available (GPUs are not supported): leave --gpus out, or use --device");
        if (!string.IsNullOrEmpty(resources.CgroupParent) && (resources.CgroupParent[0] != '/' || MountPlanner.Normalize(resources.CgroupParent) != resources.CgroupParent))
            throw EngineException.Invalid("HostConfig.CgroupParent: must be an absolute, clean cgroup path such as /berth/web");
        if (resources.CgroupParent?.Split('/').Any(static p => p.Length > 255 || p.StartsWith("cgroup.", StringComparison.Ordinal) || p.Any(char.IsControl)) == true)
            throw EngineException.Invalid("HostConfig.CgroupParent: a part is longer than 255 bytes, begins with \"cgroup.\" or has a control character: use a form such as /berth/web");
        CpuSet.Check(resources.CpusetCpus, "HostConfig.CpusetCpus", facts.Processors);
        CpuSet.Check(resources.CpusetMems, "HostConfig.CpusetMems", 1024);
        foreach (Ulimit limit in resources.Ulimits ?? [])
            Wrap("HostConfig.Ulimits", () => Rlimits.FromUlimit(limit.Name ?? "", limit.Soft, limit.Hard));
        DeviceRules.Check(resources);
    }

    /// <summary>What a process is started with, of an instance or an exec session.</summary>
    internal static void CheckProcess(IReadOnlyList<string>? command, IReadOnlyList<string>? environment, string? workingDirectory)
    {
        Bounded(environment, "Env");
        Bounded(command, "Cmd");
        foreach (string entry in environment ?? [])
        {
            if (entry.Length == 0 || entry[0] == '=')
                throw EngineException.Invalid($"Env: invalid environment variable: {entry}: use NAME=value");
        }
        if (workingDirectory is { Length: > 4095 } || workingDirectory?.Contains('\0', StringComparison.Ordinal) == true)
            throw EngineException.Invalid("WorkingDir: longer than 4095 characters or with a NUL byte");
    }

    private static void CheckConfig(InstanceConfig config)
    {
        CheckProcess(config.Cmd, config.Env, config.WorkingDir);
        Bounded(config.Entrypoint, "Entrypoint");
        if (!string.IsNullOrEmpty(config.Hostname))
            InstanceNames.ValidateHostName(config.Hostname, "Hostname");
        if (!string.IsNullOrEmpty(config.Domainname))
            InstanceNames.ValidateHostName(config.Domainname, "Domainname");
        if (!string.IsNullOrEmpty(config.WorkingDir) && config.WorkingDir[0] != '/')
            throw EngineException.Invalid($"WorkingDir: the working directory '{config.WorkingDir}' is invalid, it needs to be an absolute path");
        if (!string.IsNullOrEmpty(config.StopSignal))
            SignalNames.Parse(config.StopSignal, "StopSignal");
        HealthRules.Check(config.Healthcheck);
    }

    private static void CheckRuntime(HostConfig host)
    {
        switch (host.Runtime)
        {
            case null or "" or "container" or "berth" or "runc" or "io.containerd.runc.v2" or "vm":
                break;
            default:
                throw EngineException.Invalid($"HostConfig.Runtime: unknown or invalid runtime name: {host.Runtime}: use container or vm");
        }
        if (host.Isolation is not (null or "" or "default"))
            throw EngineException.Invalid($"HostConfig.Isolation: \"{host.Isolation}\" is a Windows setting: leave it out");
        if (host.StorageOpt is { Count: > 0 } && !host.IsMachine)
            throw EngineException.NotImplemented("HostConfig.StorageOpt: the overlay storage has no options (no size quota): leave --storage-opt out");
        if (!string.IsNullOrEmpty(host.Cgroup))
            throw EngineException.NotImplemented("HostConfig.Cgroup: joining another control group is not available: use CgroupParent");
        if (host.VolumeDriver is not (null or "" or "local"))
            throw EngineException.Invalid($"HostConfig.VolumeDriver: \"{host.VolumeDriver}\" is not available: the one driver is local");
        if (host.ShmSize < 0)
            throw EngineException.Invalid("HostConfig.ShmSize: SHM size can not be less than 0");
        if (host.OomScoreAdj is < -1000 or > 1000)
            throw EngineException.Invalid($"HostConfig.OomScoreAdj: Invalid value {host.OomScoreAdj}, range for oom score adj is [-1000, 1000]");
        if (host.ConsoleSize is { } size && (size.Count != 2 || size.Any(static n => n is < 0 or > ushort.MaxValue)))
            throw EngineException.Invalid("HostConfig.ConsoleSize: must be [height, width]");
    }

    private static void CheckNamespaces(InstanceConfig config, HostConfig host)
    {
        Mode(host.PidMode, "HostConfig.PidMode", "host");
        Mode(host.IpcMode, "HostConfig.IpcMode", "none", "private", "shareable", "host");
        if (host.UTSMode is not (null or "" or "host"))
            throw EngineException.Invalid($"HostConfig.UTSMode: invalid UTS mode: {host.UTSMode}: use host or leave it out");
        if (host.UTSMode == "host" && !string.IsNullOrEmpty(config.Hostname))
            throw EngineException.Invalid("Hostname: conflicting options: hostname and the UTS mode");
        Mode(host.UsernsMode, "HostConfig.UsernsMode", "host", "private");
        if (UserNamespaces.IsOwn(host))
            UserNamespaces.Check(host);
        if (host.CgroupnsMode is not (null or "" or "private" or "host"))
            throw EngineException.Invalid($"HostConfig.CgroupnsMode: invalid cgroup namespace mode: {host.CgroupnsMode}: use private or host");
        foreach (string name in host.Sysctls?.Keys ?? [])
            SysctlRules.Check(name, host);

        static void Mode(string? mode, string field, params ReadOnlySpan<string> known)
        {
            if (string.IsNullOrEmpty(mode) || known.Contains(mode) || (mode.StartsWith("container:", StringComparison.Ordinal) && mode.Length > 10))
                return;
            throw EngineException.Invalid($"{field}: \"{mode}\" is invalid: use {string.Join(", ", known.ToArray())} or container:<name|id>");
        }
    }

    private static void CheckLog(LogConfig? log)
    {
        if (log is null)
            return;
        if (log.Type is not (null or "" or "json-file" or "local" or "none"))
            throw EngineException.NotImplemented($"HostConfig.LogConfig.Type: logger \"{log.Type}\" is not available: use json-file, local or none");
        foreach ((string key, string value) in log.Config ?? new Dictionary<string, string>())
        {
            if (!LogOptions.Contains(key))
                throw EngineException.Invalid($"HostConfig.LogConfig.Config: unknown log opt '{key}' for {log.Type} log driver");
            if (key == "max-size")
                ByteSize.Parse(value, "HostConfig.LogConfig.Config[max-size]");
            if (key == "max-file" && (!int.TryParse(value, out int files) || files < 1))
                throw EngineException.Invalid("HostConfig.LogConfig.Config[max-file]: max-file cannot be less than 1");
        }
    }

    private static void CheckSecurity(HostConfig host, HostFacts facts, List<string> warnings)
    {
        foreach (string device in host.GroupAdd ?? [])
        {
            if (device.Length == 0)
                throw EngineException.Invalid("HostConfig.GroupAdd: a group is empty");
        }
        Wrap("HostConfig.CapAdd/CapDrop", () => CapabilityRules.Resolve(host.CapAdd ?? [], host.CapDrop ?? [], host.Privileged, facts.Capabilities));
        CapabilitySet missing = CapabilityRules.Unavailable(host.CapAdd ?? [], facts.Capabilities);
        if (missing.Count > 0)
            warnings.Add($"HostConfig.CapAdd: the host itself lacks {missing}; continuing without");
        SecurityOptions.Parse(host);
        foreach (string path in (host.MaskedPaths ?? []).Concat(host.ReadonlyPaths ?? []))
        {
            if (path.Length == 0 || path[0] != '/')
                throw EngineException.Invalid($"HostConfig.MaskedPaths/ReadonlyPaths: '{path}' must be an absolute path");
        }
        foreach (string line in host.ExtraHosts ?? [])
            HostsFile.ParseExtraHost(line);
        HostsFile.CheckResolver(host);
    }

    private static void Bounded(IReadOnlyList<string>? list, string field)
    {
        if (list is null)
            return;
        if (list.Count > MaxListLength)
            throw EngineException.Invalid($"{field}: more than {MaxListLength} entries");
        if (list.Any(static s => s is null || s.Length > 128 * 1024 || s.Contains('\0', StringComparison.Ordinal)))
            throw EngineException.Invalid($"{field}: an entry is null, longer than 128 KiB or contains a NUL byte");
    }

    private static void Wrap(string field, Action check)
    {
        try
        {
            check();
        }
        catch (ArgumentException e)
        {
            throw new EngineException(EngineErrorKind.InvalidParameter, $"{field}: {e.Message}", e);
        }
    }
}
