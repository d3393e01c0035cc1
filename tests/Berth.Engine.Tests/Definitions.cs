using Berth.Containers.Security;
using Berth.Engine.Configuration;
using Berth.Engine.Planning;
using Berth.Engine.State;

namespace Berth.Engine.Tests;

/// <summary>Definitions and inputs for planning tests.</summary>
internal static class Definitions
{
    public const string Id = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    public static HostFacts Host { get; } = new() { Processors = 4, SwapAccounting = true, Capabilities = CapabilitySet.All, HostName = "quay" };

    public static SpecInputs Inputs { get; } = new()
    {
        Host = Host,
        CgroupPath = "/berth/" + Id,
        FilesDirectory = "/data/containers/" + Id,
        PidOf = static _ => 4711,
        Seccomp = static (_, _) => new(),
    };

    public static InstanceDefinition Make(HostConfig? host = null, InstanceConfig? config = null, IReadOnlyList<PlannedMount>? mounts = null) => new()
    {
        Id = Id,
        CreatedAt = DateTimeOffset.UnixEpoch,
        ImageId = "sha256:00",
        Config = config ?? new InstanceConfig(),
        HostConfig = host ?? new HostConfig(),
        NetworkingConfig = new NetworkingConfig(),
        Arguments = ["true"],
        Mounts = mounts ?? [],
    };

    public static CreateRequest Request(HostConfig? host = null, InstanceConfig? config = null) => new()
    {
        Config = config ?? new InstanceConfig { Image = "busybox" },
        HostConfig = host ?? new HostConfig { NetworkMode = "none" },
    };
}
