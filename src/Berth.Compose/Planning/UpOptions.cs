namespace Berth.Compose.Planning;

/// <summary>How <c>up</c> and <c>create</c> proceed.</summary>
public sealed record UpOptions
{
    /// <summary>Services to act on; none: all.</summary>
    public IReadOnlyList<string> Services { get; init; } = [];

    /// <summary>Leave their dependencies alone.</summary>
    public bool NoDependencies { get; init; }

    /// <summary>Which containers are replaced.</summary>
    public RecreatePolicy Recreate { get; init; }

    /// <summary>Replaced containers get new anonymous volumes.</summary>
    public bool RenewAnonymousVolumes { get; init; }

    /// <summary>Remove containers of services that the project no longer has.</summary>
    public bool RemoveOrphans { get; init; }

    /// <summary>Number of containers, where it is not the file's.</summary>
    public IReadOnlyDictionary<string, int> Scale { get; init; } = new Dictionary<string, int>();

    /// <summary>Only create.</summary>
    public bool NoStart { get; init; }

    /// <summary>Wait until everything runs, and is healthy where health is checked.</summary>
    public bool Wait { get; init; }

    /// <summary>A service whose networks, volumes and dependencies are wanted, but no container.</summary>
    public string? Skip { get; init; }
}
