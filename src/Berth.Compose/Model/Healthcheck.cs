namespace Berth.Compose.Model;

/// <summary>How health is checked; what is null is the image's. Durations in nanoseconds.</summary>
public sealed record Healthcheck
{
    /// <summary>Command as the engine takes it: NONE, CMD … or CMD-SHELL ….</summary>
    public IReadOnlyList<string>? Test { get; init; }

    /// <summary>Time between checks.</summary>
    public long? Interval { get; init; }

    /// <summary>Longest time of one.</summary>
    public long? Timeout { get; init; }

    /// <summary>Failures in a row that make it unhealthy.</summary>
    public long? Retries { get; init; }

    /// <summary>Time to start before failures count.</summary>
    public long? StartPeriod { get; init; }

    /// <summary>Time between checks while starting.</summary>
    public long? StartInterval { get; init; }
}
