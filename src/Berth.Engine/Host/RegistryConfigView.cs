namespace Berth.Engine.Host;

/// <summary>Registries.</summary>
public sealed record RegistryConfigView
{
    /// <summary>None.</summary>
    public IReadOnlyList<string> InsecureRegistryCIDRs { get; init; } = [];

    /// <summary>By name.</summary>
    public IReadOnlyDictionary<string, RegistryIndexView> IndexConfigs { get; init; } = new Dictionary<string, RegistryIndexView>();

    /// <summary>None.</summary>
    public IReadOnlyList<string>? Mirrors { get; init; }
}
