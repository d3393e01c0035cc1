using Berth.Engine.Configuration;

namespace Berth.Engine.Instances;

/// <summary>What to make an image of.</summary>
public sealed record CommitRequest
{
    /// <summary>Name or id.</summary>
    public required string Container { get; init; }

    /// <summary>Repository.</summary>
    public string? Repo { get; init; }

    /// <summary>Tag.</summary>
    public string? Tag { get; init; }

    /// <summary>Comment.</summary>
    public string? Comment { get; init; }

    /// <summary>Author.</summary>
    public string? Author { get; init; }

    /// <summary>Dockerfile instructions to apply.</summary>
    public IReadOnlyList<string> Changes { get; init; } = [];

    /// <summary>Freeze the instance meanwhile.</summary>
    public bool Pause { get; init; } = true;

    /// <summary>Configuration to use in place of the instance's.</summary>
    public InstanceConfig? Config { get; init; }
}
