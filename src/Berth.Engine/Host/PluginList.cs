namespace Berth.Engine.Host;

/// <summary>Drivers by kind.</summary>
public sealed record PluginList
{
    /// <summary>Volume drivers.</summary>
    public IReadOnlyList<string> Volume { get; init; } = ["local"];

    /// <summary>Network drivers.</summary>
    public IReadOnlyList<string> Network { get; init; } = ["bridge", "host", "null"];

    /// <summary>None.</summary>
    public IReadOnlyList<string>? Authorization { get; init; }

    /// <summary>Log drivers.</summary>
    public IReadOnlyList<string> Log { get; init; } = ["json-file", "local", "none"];
}
