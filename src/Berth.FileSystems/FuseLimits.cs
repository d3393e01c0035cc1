namespace Berth.FileSystems;

/// <summary>How much of the host a guest's file system may hold.</summary>
public sealed record FuseLimits
{
    /// <summary>Files a guest may know at a time.</summary>
    public int Nodes { get; init; } = 262_144;

    /// <summary>Descriptors kept for them; some more are open while one request is served.</summary>
    public int Descriptors { get; init; } = 8192;

    /// <summary>Files and directories a guest may have open.</summary>
    public int Handles { get; init; } = 16_384;

    /// <summary>Limits for a guest with that much memory: a guest that keeps nothing but knowledge of files has one in some 2 KiB, and each takes some 300 bytes here.</summary>
    public static FuseLimits For(long memory) => new() { Nodes = (int)Math.Clamp(memory / 2048, 65_536, 393_216) };
}
