namespace Berth.Engine.Instances;

/// <summary>One path that differs from the image.</summary>
public sealed record FilesystemChange
{
    /// <summary>Absolute path inside.</summary>
    public required string Path { get; init; }

    /// <summary>0 modified, 1 added, 2 deleted.</summary>
    public int Kind { get; init; }
}
