using Berth.Engine.Configuration;

namespace Berth.Engine.State;

/// <summary>What an instance is: decided at creation, changed by update alone.</summary>
internal sealed record InstanceDefinition
{
    public required string Id { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required string ImageId { get; init; }

    /// <summary>The request's configuration with the image's defaults filled in.</summary>
    public required InstanceConfig Config { get; init; }

    public required HostConfig HostConfig { get; init; }

    /// <summary>Whether it runs as a virtual machine.</summary>
    public bool IsMachine => HostConfig.IsMachine;

    public required NetworkingConfig NetworkingConfig { get; init; }

    /// <summary>First host id of the range that is the instance's own; null without a user namespace of its own.</summary>
    public uint? IdBase { get; init; }

    /// <summary>Entrypoint and command, joined.</summary>
    public required IReadOnlyList<string> Arguments { get; init; }

    public required IReadOnlyList<PlannedMount> Mounts { get; init; }
}
