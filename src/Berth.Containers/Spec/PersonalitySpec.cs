namespace Berth.Containers.Spec;

/// <summary>Execution domain of the process; see personality(2).</summary>
public sealed record PersonalitySpec
{
    public string Domain { get => field ?? ""; init; }

    public IReadOnlyList<string> Flags { get => field ?? []; init; }
}
