namespace Berth.Engine.Networks;

/// <summary>A wish to take an instance off a network.</summary>
public sealed record NetworkDisconnectRequest
{
    /// <summary>Name or id.</summary>
    public string? Container { get; init; }

    /// <summary>Kept for clients.</summary>
    public bool Force { get; init; }
}
