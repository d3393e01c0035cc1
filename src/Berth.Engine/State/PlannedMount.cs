namespace Berth.Engine.State;

/// <summary>A mount decided at creation: what goes where, with which options. Kept with the instance.</summary>
internal sealed record PlannedMount
{
    /// <summary>bind, volume, tmpfs or image.</summary>
    public required string Type { get; init; }

    public string? VolumeName { get; init; }

    /// <summary>Host path, or the image as the user named it; empty for tmpfs.</summary>
    public string Source { get; init; } = "";

    public required string Destination { get; init; }

    /// <summary>Options as the user gave them, for inspect.</summary>
    public string Mode { get; init; } = "";

    public bool ReadOnly { get; init; }

    public string Propagation { get; init; } = "";

    public bool NonRecursive { get; init; }

    /// <summary>Read-only at its top alone: what is mounted below stays as it is.</summary>
    public bool WritableBelow { get; init; }

    /// <summary>The image of a mount of one.</summary>
    public string? ImageId { get; init; }

    /// <summary>What of a volume or image is shown, relative; empty for all of it.</summary>
    public string Subpath { get; init; } = "";

    public bool NoCopy { get; init; }

    /// <summary>Make a missing source directory (short form of binds).</summary>
    public bool CreateSource { get; init; }

    /// <summary>The volume was made for this mount and goes with <c>rm -v</c>.</summary>
    public bool Anonymous { get; init; }

    public IReadOnlyDictionary<string, string>? VolumeLabels { get; init; }

    /// <summary>Driver options for a volume that is made for this mount.</summary>
    public IReadOnlyDictionary<string, string>? VolumeOptions { get; init; }

    public IReadOnlyList<string> TmpfsOptions { get; init; } = [];
}
