using Berth.Compose.Yaml;

namespace Berth.Compose.Model;

/// <summary>A project as its files describe it, checked wholly.</summary>
public sealed record Project
{
    /// <summary>Name; part of the name of everything the project makes.</summary>
    public required string Name { get; init; }

    /// <summary>Where relative paths begin.</summary>
    public required string Directory { get; init; }

    /// <summary>Its files, merged in this order.</summary>
    public IReadOnlyList<string> Files { get; init; } = [];

    /// <summary>Services of the active profiles by name.</summary>
    public required IReadOnlyDictionary<string, Service> Services { get; init; }

    /// <summary>Names of services whose profiles are not active.</summary>
    public IReadOnlyList<string> Inactive { get; init; } = [];

    /// <summary>Networks that services use, by their name in the file.</summary>
    public IReadOnlyDictionary<string, Network> Networks { get; init; } = new Dictionary<string, Network>();

    /// <summary>Volumes by their name in the file.</summary>
    public IReadOnlyDictionary<string, Volume> Volumes { get; init; } = new Dictionary<string, Volume>();

    /// <summary>Secrets by name.</summary>
    public IReadOnlyDictionary<string, FileResource> Secrets { get; init; } = new Dictionary<string, FileResource>();

    /// <summary>Configs by name.</summary>
    public IReadOnlyDictionary<string, FileResource> Configs { get; init; } = new Dictionary<string, FileResource>();

    /// <summary>Everything in canonical form, for <c>config</c>.</summary>
    public required MappingNode Tree { get; init; }

    /// <summary>The service of that name.</summary>
    /// <exception cref="ComposeException">There is none.</exception>
    public Service Service(string name) => Services.TryGetValue(name, out var service)
        ? service
        : throw new ComposeException($"there is no service \"{name}\"{Loading.Spelling.Hint(name, Services.Keys)}");
}
