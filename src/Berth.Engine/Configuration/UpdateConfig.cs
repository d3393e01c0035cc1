namespace Berth.Engine.Configuration;

/// <summary>Body of an update: limits and the restart policy; unset fields stay as they are.</summary>
public sealed record UpdateConfig : Resources
{
    /// <summary>New policy.</summary>
    public RestartPolicy? RestartPolicy { get; init; }
}
