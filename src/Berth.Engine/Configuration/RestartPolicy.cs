namespace Berth.Engine.Configuration;

/// <summary>When an ended instance starts again.</summary>
public sealed record RestartPolicy
{
    /// <summary><c>no</c>, <c>on-failure</c>, <c>always</c> or <c>unless-stopped</c>.</summary>
    public string? Name { get; init; }

    /// <summary>Attempts for <c>on-failure</c>; 0 = no limit.</summary>
    public int MaximumRetryCount { get; init; }
}
