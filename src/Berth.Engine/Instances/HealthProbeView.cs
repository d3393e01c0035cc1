namespace Berth.Engine.Instances;

/// <summary>One health probe.</summary>
public sealed record HealthProbeView
{
    /// <summary>RFC 3339.</summary>
    public required string Start { get; init; }

    /// <summary>RFC 3339.</summary>
    public required string End { get; init; }

    /// <summary>0 = healthy.</summary>
    public int ExitCode { get; init; }

    /// <summary>At most 4 KiB of output.</summary>
    public string Output { get; init; } = "";
}
