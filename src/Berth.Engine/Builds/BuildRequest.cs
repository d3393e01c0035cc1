using Berth.Engine.Configuration;
using Berth.Images;
using Berth.Images.Registry;

namespace Berth.Engine.Builds;

/// <summary>What to build, and how.</summary>
public sealed record BuildRequest
{
    /// <summary>Path of the Dockerfile in the context.</summary>
    public string Dockerfile { get; init; } = "Dockerfile";

    /// <summary>Address of a repository, an archive or a Dockerfile that the context is fetched from; null = it is sent.</summary>
    public string? Remote { get; init; }

    /// <summary>Names of the image.</summary>
    public IReadOnlyList<ImageReference> Names { get; init; } = [];

    /// <summary>Values of ARGs.</summary>
    public IReadOnlyDictionary<string, string> Arguments { get; init; } = new Dictionary<string, string>();

    /// <summary>Labels added to the image.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>Stage to build; null = the last one.</summary>
    public string? Target { get; init; }

    /// <summary>Every step is built, whatever the cache has.</summary>
    public bool NoCache { get; init; }

    /// <summary>Base images are looked up in their registries even when they are here.</summary>
    public bool Pull { get; init; }

    /// <summary>Platform of base images that name none; null = this host's.</summary>
    public string? Platform { get; init; }

    /// <summary>Network and limits of the commands, and whether they run in containers or in virtual machines.</summary>
    public HostConfig Commands { get; init; } = new();

    /// <summary>Secrets by id.</summary>
    public IReadOnlyDictionary<string, byte[]> Secrets { get; init; } = new Dictionary<string, byte[]>();

    /// <summary>Who to be for a registry, by its domain.</summary>
    public Func<string, RegistryCredentials> Credentials { get; init; } = static _ => RegistryCredentials.Anonymous;
}
