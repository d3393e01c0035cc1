namespace Berth.Engine.Instances;

/// <summary>Why waiting failed.</summary>
public sealed record WaitError
{
    /// <summary>For people.</summary>
    public required string Message { get; init; }
}
