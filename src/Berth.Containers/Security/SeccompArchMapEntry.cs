using Berth.Containers.Spec;

namespace Berth.Containers.Security;

/// <summary>A native architecture and those it also runs.</summary>
public sealed record SeccompArchMapEntry
{
    /// <summary>The native one.</summary>
    public SeccompArchitecture Architecture { get; init; }

    /// <summary>Those it also runs.</summary>
    public IReadOnlyList<SeccompArchitecture> SubArchitectures { get => field ?? []; init; }
}
