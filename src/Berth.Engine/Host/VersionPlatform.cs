namespace Berth.Engine.Host;

/// <summary>The product.</summary>
public sealed record VersionPlatform
{
    /// <summary>Name.</summary>
    public string Name { get; init; } = "Berth";
}
