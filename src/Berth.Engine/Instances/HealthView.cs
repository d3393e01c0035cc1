namespace Berth.Engine.Instances;

/// <summary>Result of the health probes.</summary>
public sealed record HealthView
{
    /// <summary>starting, healthy or unhealthy.</summary>
    public required string Status { get; init; }

    /// <summary>Failures in a row.</summary>
    public int FailingStreak { get; init; }

    /// <summary>The last five probes.</summary>
    public IReadOnlyList<HealthProbeView> Log { get; init; } = [];
}
