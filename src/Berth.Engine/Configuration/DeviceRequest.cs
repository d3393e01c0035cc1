namespace Berth.Engine.Configuration;

/// <summary>A request to a device driver (GPUs and the like).</summary>
public sealed record DeviceRequest
{
    /// <summary>Driver's name.</summary>
    public string? Driver { get; init; }

    /// <summary>Number of devices; -1 = all.</summary>
    public int Count { get; init; }

    /// <summary>Wanted devices.</summary>
    public IReadOnlyList<string>? DeviceIDs { get; init; }

    /// <summary>Wanted capabilities.</summary>
    public IReadOnlyList<IReadOnlyList<string>>? Capabilities { get; init; }

    /// <summary>Driver options.</summary>
    public IReadOnlyDictionary<string, string>? Options { get; init; }
}
