using Berth.Engine.Configuration;

namespace Berth.Engine.Instances;

/// <summary>The networks a list shows.</summary>
public sealed record SummaryNetworkSettings
{
    /// <summary>Endpoints by network name.</summary>
    public IReadOnlyDictionary<string, EndpointConfig> Networks { get; init; } = new Dictionary<string, EndpointConfig>();
}
