namespace Berth.Engine.Configuration;

/// <summary>Block I/O limit of a device.</summary>
public sealed record ThrottleDevice
{
    /// <summary>Device node.</summary>
    public string? Path { get; init; }

    /// <summary>Bytes or operations per second.</summary>
    public ulong Rate { get; init; }
}
