namespace Berth.Engine.Host;

/// <summary>A registry.</summary>
public sealed record RegistryIndexView
{
    /// <summary>Name.</summary>
    public string Name { get; init; } = "";

    /// <summary>Mirrors.</summary>
    public IReadOnlyList<string> Mirrors { get; init; } = [];

    /// <summary>TLS.</summary>
    public bool Secure { get; init; } = true;

    /// <summary>Docker Hub.</summary>
    public bool Official { get; init; }
}
