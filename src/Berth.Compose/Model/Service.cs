namespace Berth.Compose.Model;

/// <summary>A service ([COMPOSE] "services"). What is null was not said and is left to the image or the engine.</summary>
public sealed record Service
{
    /// <summary>Name in the file; also its name in every network.</summary>
    public required string Name { get; init; }

    /// <summary>Image; for a service that is only built, the name its build gets.</summary>
    public required string Image { get; init; }

    /// <summary>How the image is built.</summary>
    public Build? Build { get; init; }

    /// <summary>When the image is fetched: always, missing, never, build, daily, weekly or every_DURATION.</summary>
    public string? PullPolicy { get; init; }

    /// <summary>Platform of the image.</summary>
    public string? Platform { get; init; }

    /// <summary>What runs and how.</summary>
    public required ProcessSettings Process { get; init; }

    /// <summary>Labels of its containers.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>Annotations for the runtime.</summary>
    public IReadOnlyDictionary<string, string> Annotations { get; init; } = new Dictionary<string, string>();

    /// <summary>Name of the only container.</summary>
    public string? ContainerName { get; init; }

    /// <summary>Number of containers.</summary>
    public int Replicas { get; init; } = 1;

    /// <summary>Profiles it belongs to; none: always active.</summary>
    public IReadOnlyList<string> Profiles { get; init; } = [];

    /// <summary>Services that come before it.</summary>
    public IReadOnlyList<Dependency> DependsOn { get; init; } = [];

    /// <summary>Its place on networks.</summary>
    public required NetworkSettings Network { get; init; }

    /// <summary>Its files.</summary>
    public required StorageSettings Storage { get; init; }

    /// <summary>What it may use and do.</summary>
    public required HostSettings Host { get; init; }

    /// <summary>How its health is checked.</summary>
    public Healthcheck? Healthcheck { get; init; }

    /// <summary>Whether <c>up</c> shows its output.</summary>
    public bool Attach { get; init; } = true;

    /// <summary>Digest of everything that makes a container of it; a container of another one is out of date.</summary>
    public required string Hash { get; init; }

    /// <summary>Services whose network, process or IPC namespace or whose volumes it takes: it must be made anew when they are.</summary>
    public IEnumerable<string> SharedWith()
    {
        string?[] modes = [Network.Mode, Host.Namespaces.GetValueOrDefault("PidMode"), Host.Namespaces.GetValueOrDefault("IpcMode")];
        return modes.Where(mode => mode?.StartsWith("service:", StringComparison.Ordinal) == true).Select(mode => mode!["service:".Length..])
            .Concat(Storage.VolumesFrom.Where(source => !source.StartsWith("container:", StringComparison.Ordinal)).Select(source => source.Split(':')[0]))
            .Distinct();
    }
}
