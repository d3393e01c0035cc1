namespace Berth.Compose.Planning;

/// <summary>How <c>down</c> proceeds.</summary>
public sealed record DownOptions
{
    /// <summary>Services to take down; none: all, with networks.</summary>
    public IReadOnlyList<string> Services { get; init; } = [];

    /// <summary>Remove volumes of the project, and anonymous ones.</summary>
    public bool Volumes { get; init; }

    /// <summary>Remove containers of services that the project does not have.</summary>
    public bool RemoveOrphans { get; init; }

    /// <summary>Images to remove.</summary>
    public IReadOnlyList<string> Images { get; init; } = [];
}
