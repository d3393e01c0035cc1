namespace Berth.Engine.Configuration;

/// <summary>Everything needed to create an instance.</summary>
public sealed record CreateRequest
{
    /// <summary>Wanted name; unset = a generated one.</summary>
    public string? Name { get; init; }

    /// <summary>Wanted platform such as <c>linux/amd64</c>.</summary>
    public string? Platform { get; init; }

    /// <summary>What runs.</summary>
    public required InstanceConfig Config { get; init; }

    /// <summary>How it meets the host.</summary>
    public HostConfig HostConfig { get; init; } = new();

    /// <summary>Networks to connect to.</summary>
    public NetworkingConfig NetworkingConfig { get; init; } = new();
}
