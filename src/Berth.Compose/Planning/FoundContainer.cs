using Berth.Compose.Model;

namespace Berth.Compose.Planning;

/// <summary>A container that is there and belongs to the project.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Name">Its name.</param>
/// <param name="Service">The service it belongs to.</param>
/// <param name="Number">Its number within the service.</param>
public sealed record FoundContainer(string Id, string Name, string Service, int Number)
{
    /// <summary>created, running, paused, restarting, exited, dead or removing.</summary>
    public string State { get; init; } = "created";

    /// <summary>Made by <c>run</c>.</summary>
    public bool OneOff { get; init; }

    /// <summary>Digest of what it was made from.</summary>
    public string Hash { get; init; } = "";

    /// <summary>Id of its image.</summary>
    public string ImageId { get; init; } = "";

    /// <summary>Its image as it was named.</summary>
    public string Image { get; init; } = "";

    /// <summary>Its anonymous volumes.</summary>
    public IReadOnlyList<AnonymousVolume> Anonymous { get; init; } = [];

    /// <summary>Services it depends on, as its label tells.</summary>
    public IReadOnlyList<Dependency> DependsOn { get; init; } = [];

    /// <summary>Whether it runs, be it paused or about to be started again.</summary>
    public bool IsRunning => State is "running" or "paused" or "restarting";
}
