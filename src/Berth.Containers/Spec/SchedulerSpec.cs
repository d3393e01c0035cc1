namespace Berth.Containers.Spec;

/// <summary>Scheduling policy. [OCI-RT] config.md, Linux Process; sched_setattr(2).</summary>
public sealed record SchedulerSpec
{
    public string Policy { get => field ?? ""; init; }

    public int Nice { get; init; }

    public int Priority { get; init; }

    public IReadOnlyList<string> Flags { get => field ?? []; init; }

    public ulong Runtime { get; init; }

    public ulong Deadline { get; init; }

    public ulong Period { get; init; }
}
