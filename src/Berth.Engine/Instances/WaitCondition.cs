namespace Berth.Engine.Instances;

/// <summary>What a wait waits for.</summary>
public enum WaitCondition
{
    /// <summary>The instance does not run (may be so at once).</summary>
    NotRunning,
    /// <summary>The instance ends the next time.</summary>
    NextExit,
    /// <summary>The instance is gone.</summary>
    Removed,
}
