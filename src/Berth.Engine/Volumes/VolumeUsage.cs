namespace Berth.Engine.Volumes;

/// <summary>Size and use of a volume.</summary>
public sealed record VolumeUsage
{
    /// <summary>Bytes.</summary>
    public long Size { get; init; }

    /// <summary>Instances that use it.</summary>
    public long RefCount { get; init; }
}
