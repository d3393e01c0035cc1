namespace Berth.Engine.Configuration;

/// <summary>Relative block I/O weight of a device.</summary>
public sealed record WeightDevice
{
    /// <summary>Device node.</summary>
    public string? Path { get; init; }

    /// <summary>10 to 1000.</summary>
    public ushort Weight { get; init; }
}
