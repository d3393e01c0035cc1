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
