namespace Berth.Compose.Model;

/// <summary>A mount of a service.</summary>
/// <param name="Type">volume, bind or tmpfs.</param>
/// <param name="Source">Path of the host or the volume's name in the file; null: an anonymous volume.</param>
/// <param name="Target">Path in the container.</param>
public sealed record Mount(string Type, string? Source, string Target)
{
    /// <summary>Nothing can be written through it.</summary>
    public bool ReadOnly { get; init; }

    /// <summary>Propagation of a bind.</summary>
    public string? Propagation { get; init; }

    /// <summary>A bind makes its source when it is missing.</summary>
    public bool CreateHostPath { get; init; }

    /// <summary>An empty volume does not get the image's files.</summary>
    public bool NoCopy { get; init; }

    /// <summary>Path within the volume.</summary>
    public string? Subpath { get; init; }

    /// <summary>Size of a tmpfs in bytes.</summary>
    public long? TmpfsSize { get; init; }

    /// <summary>Mode of a tmpfs.</summary>
    public int? TmpfsMode { get; init; }
}
