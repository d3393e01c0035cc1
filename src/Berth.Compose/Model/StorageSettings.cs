namespace Berth.Compose.Model;

/// <summary>What a service sees of files besides its image. Sizes in bytes.</summary>
public sealed record StorageSettings
{
    /// <summary>Mounts.</summary>
    public IReadOnlyList<Mount> Mounts { get; init; } = [];

    /// <summary>Mounts as the engine takes them, <c>source:target[:options]</c>.</summary>
    public IReadOnlyList<string> Binds { get; init; } = [];

    /// <summary>File systems in memory, as <c>path[:options]</c>.</summary>
    public IReadOnlyList<string> Tmpfs { get; init; } = [];

    /// <summary>Services or containers whose volumes it takes, as <c>name[:ro]</c> or <c>container:name[:ro]</c>.</summary>
    public IReadOnlyList<string> VolumesFrom { get; init; } = [];

    /// <summary>Secrets it gets.</summary>
    public IReadOnlyList<FileGrant> Secrets { get; init; } = [];

    /// <summary>Configs it gets.</summary>
    public IReadOnlyList<FileGrant> Configs { get; init; } = [];

    /// <summary>Whether its root is read-only.</summary>
    public bool ReadOnly { get; init; }

    /// <summary>Size of /dev/shm.</summary>
    public long? ShmSize { get; init; }

    /// <summary>Options of the storage.</summary>
    public IReadOnlyDictionary<string, string> Options { get; init; } = new Dictionary<string, string>();
}
