namespace Berth.Compose.Model;

/// <summary>The process of a service. Durations in nanoseconds.</summary>
public sealed record ProcessSettings
{
    /// <summary>Arguments; null: the image's.</summary>
    public IReadOnlyList<string>? Command { get; init; }

    /// <summary>Program; null: the image's, empty: none.</summary>
    public IReadOnlyList<string>? Entrypoint { get; init; }

    /// <summary>Variables; one without value removes the image's.</summary>
    public IReadOnlyDictionary<string, string?> Environment { get; init; } = new Dictionary<string, string?>();

    /// <summary>User and group.</summary>
    public string? User { get; init; }

    /// <summary>Further groups.</summary>
    public IReadOnlyList<string> Groups { get; init; } = [];

    /// <summary>Working directory.</summary>
    public string? WorkingDirectory { get; init; }

    /// <summary>Whether it has a terminal.</summary>
    public bool Tty { get; init; }

    /// <summary>Whether its input stays open.</summary>
    public bool StdinOpen { get; init; }

    /// <summary>Whether a small init is process 1.</summary>
    public bool? Init { get; init; }

    /// <summary>Signal that asks it to end.</summary>
    public string? StopSignal { get; init; }

    /// <summary>Time to end before it is killed.</summary>
    public long? StopGracePeriod { get; init; }

    /// <summary>When it is started again: no, always, unless-stopped, on-failure.</summary>
    public string Restart { get; init; } = "no";

    /// <summary>Most restarts after failures; 0: no limit.</summary>
    public int MaximumRestarts { get; init; }

    /// <summary><c>container</c> or <c>vm</c>.</summary>
    public string? Runtime { get; init; }
}
