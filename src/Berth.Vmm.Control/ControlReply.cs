namespace Berth.Vmm.Control;

/// <summary>The answer, one line of JSON: an exec's end, counters, or why it is refused.</summary>
public sealed record ControlReply
{
    /// <summary>Exec: the process's exit code, 128 + signal when it was killed; or docker's code for why it did not start.</summary>
    public int? ExitCode { get; init; }

    /// <summary>What went wrong; null when nothing did.</summary>
    public string? Error { get; init; }

    /// <summary>Counters of the guest.</summary>
    public GuestCounters? Stats { get; init; }
}
