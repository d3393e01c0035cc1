namespace Berth.Engine.State;

/// <summary>A port of the host that leads to a running instance.</summary>
internal sealed record PortRow
{
    public required string Protocol { get; init; }

    public required string HostAddress { get; init; }

    public required ushort HostPort { get; init; }

    public required string Target { get; init; }

    public required ushort TargetPort { get; init; }
}
