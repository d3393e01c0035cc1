namespace Berth.Engine.Configuration;

/// <summary>A volume driver and its options.</summary>
public sealed record DriverConfig
{
    /// <summary>Driver; <c>local</c> is the one there is.</summary>
    public string? Name { get; init; }

    /// <summary>Driver options.</summary>
    public IReadOnlyDictionary<string, string>? Options { get; init; }
}
