namespace Berth.Engine.Configuration;

/// <summary>The whole JSON body of <c>POST /containers/create</c>.</summary>
public sealed record CreateBody : InstanceConfig
{
    /// <summary>How the instance meets the host.</summary>
    public HostConfig? HostConfig { get; init; }

    /// <summary>Networks to connect to at creation.</summary>
    public NetworkingConfig? NetworkingConfig { get; init; }

    /// <summary>The request that the engine takes.</summary>
    public CreateRequest ToRequest(string? name, string? platform) => new()
    {
        Name = name,
        Platform = platform,
        Config = this,
        HostConfig = HostConfig ?? new HostConfig(),
        NetworkingConfig = NetworkingConfig ?? new NetworkingConfig(),
    };
}
