namespace Berth.Compose.Model;

/// <summary>What a dependency must have reached.</summary>
public enum DependencyCondition
{
    /// <summary><c>service_started</c>.</summary>
    Started,

    /// <summary><c>service_healthy</c>.</summary>
    Healthy,

    /// <summary><c>service_completed_successfully</c>.</summary>
    Completed,

    /// <summary>What <c>--wait</c> waits for: it runs, and is healthy if health is checked.</summary>
    Ready,
}
