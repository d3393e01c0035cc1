namespace Berth.Containers.Spec;

/// <summary>One resource limit, such as <c>RLIMIT_NOFILE</c>; the highest value means no limit. See getrlimit(2).</summary>
public sealed record RlimitSpec
{
    public string Type { get => field ?? ""; init; }

    public ulong Soft { get; init; }

    public ulong Hard { get; init; }
}
