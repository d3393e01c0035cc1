namespace Berth.Engine.Host;

/// <summary>Swarm state: always inactive.</summary>
public sealed record SwarmView
{
    /// <summary>None.</summary>
    public string NodeID { get; init; } = "";

    /// <summary>None.</summary>
    public string NodeAddr { get; init; } = "";

    /// <summary>inactive.</summary>
    public string LocalNodeState { get; init; } = "inactive";

    /// <summary>No.</summary>
    public bool ControlAvailable { get; init; }

    /// <summary>None.</summary>
    public string Error { get; init; } = "";

    /// <summary>None.</summary>
    public IReadOnlyList<string>? RemoteManagers { get; init; }
}
