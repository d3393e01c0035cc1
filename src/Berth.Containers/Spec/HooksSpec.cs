namespace Berth.Containers.Spec;

/// <summary>Programs the runtime calls during the life cycle. [OCI-RT] config.md, POSIX-platform Hooks.</summary>
public sealed record HooksSpec
{
    public IReadOnlyList<HookSpec> Prestart { get => field ?? []; init; }

    public IReadOnlyList<HookSpec> CreateRuntime { get => field ?? []; init; }

    public IReadOnlyList<HookSpec> CreateContainer { get => field ?? []; init; }

    public IReadOnlyList<HookSpec> StartContainer { get => field ?? []; init; }

    public IReadOnlyList<HookSpec> Poststart { get => field ?? []; init; }

    public IReadOnlyList<HookSpec> Poststop { get => field ?? []; init; }
}
