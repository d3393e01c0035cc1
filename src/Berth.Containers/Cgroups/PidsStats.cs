namespace Berth.Containers.Cgroups;

/// <summary>Number of tasks (threads).</summary>
public sealed record PidsStats
{
    /// <summary>Alive now.</summary>
    public ulong Current { get; init; }

    /// <summary>The limit, or null when there is none.</summary>
    public ulong? Limit { get; init; }
}
