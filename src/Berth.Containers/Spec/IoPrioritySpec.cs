namespace Berth.Containers.Spec;

/// <summary>I/O priority of the process; see ioprio_set(2).</summary>
public sealed record IoPrioritySpec
{
    public string Class { get => field ?? ""; init; }

    public int Priority { get; init; }
}
