using System.Text.Json.Serialization;

namespace Berth.Oci.State;

/// <summary>What is kept of a container between commands.</summary>
internal sealed record ContainerRecord
{
    public required string OciVersion { get; init; }

    public required string Id { get; init; }

    /// <summary>Process id on the host.</summary>
    public required int Pid { get; init; }

    /// <summary>When that process started, clock ticks since boot: with the id it names the process for good.</summary>
    public required ulong StartTicks { get; init; }

    /// <summary>Absolute path of the bundle.</summary>
    public required string Bundle { get; init; }

    /// <summary>Absolute path of the root file system.</summary>
    public required string Rootfs { get; init; }

    public required DateTimeOffset Created { get; init; }

    /// <summary>The cgroup below the hierarchy's root.</summary>
    public required string Cgroup { get; init; }

    public IReadOnlyDictionary<string, string> Annotations { get; init; } = new Dictionary<string, string>();
}

/// <summary>The state as commands and hooks are told it. [OCI-RT] runtime.md, State.</summary>
internal sealed record StateReport
{
    public required string OciVersion { get; init; }

    public required string Id { get; init; }

    public required string Status { get; init; }

    public required int Pid { get; init; }

    public required string Bundle { get; init; }

    public required string Rootfs { get; init; }

    public required DateTimeOffset Created { get; init; }

    public required string Owner { get; init; }

    public required IReadOnlyDictionary<string, string> Annotations { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(ContainerRecord))]
[JsonSerializable(typeof(StateReport))]
[JsonSerializable(typeof(IReadOnlyList<StateReport>))]
[JsonSerializable(typeof(int[]))]
internal sealed partial class StateJson : JsonSerializerContext;
