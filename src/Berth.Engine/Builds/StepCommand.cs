using Berth.Engine.Configuration;
using Berth.Engine.State;

namespace Berth.Engine.Builds;

/// <summary>A command to run in a container, or a virtual machine, of its own.</summary>
internal sealed record StepCommand
{
    /// <summary>Its identity, as an instance's; its files are where an instance's are.</summary>
    public required string Id { get; init; }

    public required IReadOnlyList<string> Arguments { get; init; }

    public required IReadOnlyList<string> Environment { get; init; }

    public required string WorkingDirectory { get; init; }

    public required string User { get; init; }

    public required HostConfig HostConfig { get; init; }

    public required IReadOnlyList<PlannedMount> Mounts { get; init; }

    /// <summary>Overlay lower directories, topmost first.</summary>
    public required IReadOnlyList<string> LowerDirectories { get; init; }
}
