namespace Berth.Containers.Spec;

/// <summary>What to do when one of the named system calls is made and every argument condition holds.</summary>
public sealed record SeccompRule
{
    public IReadOnlyList<string> Names { get => field ?? []; init; }

    public SeccompAction Action { get; init; }

    public uint? ErrnoRet { get; init; }

    public IReadOnlyList<SeccompArgument> Args { get => field ?? []; init; }
}
