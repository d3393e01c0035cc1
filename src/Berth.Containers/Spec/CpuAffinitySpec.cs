namespace Berth.Containers.Spec;

/// <summary>CPUs of an exec'd process before and after it enters the container's cgroup.</summary>
public sealed record CpuAffinitySpec
{
    public string? Initial { get; init; }

    public string? Final { get; init; }
}
