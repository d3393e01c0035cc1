using Berth.Containers.Spec;

namespace Berth.Containers.Security;

/// <summary>A rule of a profile with the conditions under which it exists at all.</summary>
public sealed record SeccompProfileRule
{
    /// <summary>System calls by name; those the host does not know are passed over.</summary>
    public IReadOnlyList<string> Names { get => field ?? []; init; }

    /// <summary>The older form of <see cref="Names"/>.</summary>
    public string? Name { get; init; }

    /// <summary>What happens.</summary>
    public SeccompAction? Action { get; init; }

    /// <summary>The error for <see cref="SeccompAction.Errno"/>; EPERM if missing.</summary>
    public uint? ErrnoRet { get; init; }

    /// <summary>Conditions on the call's arguments.</summary>
    public IReadOnlyList<SeccompArgument> Args { get => field ?? []; init; }

    /// <summary>All of these must hold.</summary>
    public SeccompCondition Includes { get => field ?? new(); init; }

    /// <summary>None of these may hold.</summary>
    public SeccompCondition Excludes { get => field ?? new(); init; }

    /// <summary>Why.</summary>
    public string? Comment { get; init; }

    internal IReadOnlyList<string> AllNames => Name is null ? Names : [Name];
}
