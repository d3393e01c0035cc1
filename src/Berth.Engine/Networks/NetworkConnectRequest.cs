using Berth.Engine.Configuration;

namespace Berth.Engine.Networks;

/// <summary>A wish to connect an instance to a network.</summary>
public sealed record NetworkConnectRequest
{
    /// <summary>Name or id.</summary>
    public string? Container { get; init; }

    /// <summary>Wishes for its endpoint.</summary>
    public EndpointConfig? EndpointConfig { get; init; }
}
