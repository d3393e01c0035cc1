namespace Berth.Containers.Spec;

/// <summary>The five capability sets, names as <c>CAP_CHOWN</c>; see capabilities(7).</summary>
public sealed record CapabilitiesSpec
{
    public IReadOnlyList<string> Bounding { get => field ?? []; init; }

    public IReadOnlyList<string> Effective { get => field ?? []; init; }

    public IReadOnlyList<string> Inheritable { get => field ?? []; init; }

    public IReadOnlyList<string> Permitted { get => field ?? []; init; }

    public IReadOnlyList<string> Ambient { get => field ?? []; init; }
}
