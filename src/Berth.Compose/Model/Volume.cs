namespace Berth.Compose.Model;

/// <summary>A volume of a project.</summary>
/// <param name="Key">Name in the file.</param>
/// <param name="Name">Name in the engine.</param>
public sealed record Volume(string Key, string Name)
{
    /// <summary>It is there already and stays.</summary>
    public bool External { get; init; }

    /// <summary>Driver.</summary>
    public string? Driver { get; init; }

    /// <summary>Options for the driver.</summary>
    public IReadOnlyDictionary<string, string> DriverOptions { get; init; } = new Dictionary<string, string>();

    /// <summary>Labels.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>Digest of all this.</summary>
    public required string Hash { get; init; }
}
