namespace Berth.Engine.Networks;

/// <summary>Address management of a network, in Docker's shape.</summary>
public sealed record IpamView
{
    /// <summary>Who does it.</summary>
    public string? Driver { get; init; } = "default";

    /// <summary>Options of the driver.</summary>
    public IReadOnlyDictionary<string, string>? Options { get; init; }

    /// <summary>Subnets, one a family.</summary>
    public IReadOnlyList<IpamConfig>? Config { get; init; } = [];
}
