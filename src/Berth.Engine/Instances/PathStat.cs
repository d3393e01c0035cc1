namespace Berth.Engine.Instances;

/// <summary>What <c>docker cp</c> asks of a path.</summary>
public sealed record PathStat
{
    /// <summary>Last part of the path.</summary>
    public required string Name { get; init; }

    /// <summary>Bytes.</summary>
    public long Size { get; init; }

    /// <summary>Go's <c>os.FileMode</c> bits.</summary>
    public uint Mode { get; init; }

    /// <summary>RFC 3339.</summary>
    public required string Mtime { get; init; }

    /// <summary>Where a symbolic link points, as an absolute path inside.</summary>
    public string LinkTarget { get; init; } = "";
}
