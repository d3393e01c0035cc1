namespace Berth.Containers.Spec;

/// <summary>Limit in bytes on one size of huge pages.</summary>
public sealed record HugepageLimit
{
    /// <summary>As the kernel names it: <c>2MB</c>.</summary>
    public string PageSize { get => field ?? ""; init; }

    public ulong Limit { get; init; }
}
