namespace Berth.Containers.Spec;

/// <summary>One hook program.</summary>
public sealed record HookSpec
{
    public string Path { get => field ?? ""; init; }

    public IReadOnlyList<string> Args { get => field ?? []; init; }

    public IReadOnlyList<string> Env { get => field ?? []; init; }

    /// <summary>Seconds before the hook is ended.</summary>
    public int? Timeout { get; init; }
}
