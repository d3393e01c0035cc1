namespace Berth.Engine.Configuration;

/// <summary>A host address that forwards to a container port.</summary>
public sealed record PortBinding
{
    /// <summary>Address to listen on; empty = all.</summary>
    public string? HostIp { get; init; }

    /// <summary>Port or range; empty = any free one.</summary>
    public string? HostPort { get; init; }
}
