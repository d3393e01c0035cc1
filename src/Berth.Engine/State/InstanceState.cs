namespace Berth.Engine.State;

/// <summary>What an instance does now, as the store keeps it.</summary>
internal sealed record InstanceState
{
    public static InstanceState Initial { get; } = new();

    public InstanceStatus Status { get; init; }

    public int Pid { get; init; }

    public int ExitCode { get; init; }

    public string Error { get; init; } = "";

    public bool OomKilled { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    public DateTimeOffset? FinishedAt { get; init; }

    public int RestartCount { get; init; }

    /// <summary>A user stopped it: <c>unless-stopped</c> leaves it alone.</summary>
    public bool ManuallyStopped { get; init; }

    public bool IsRunning => Status is InstanceStatus.Running or InstanceStatus.Paused;

    public string StatusText => Status.ToString().ToLowerInvariant();
}
