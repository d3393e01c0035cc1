using Berth.Linux;

namespace Berth.Supervisor.Processes;

/// <summary>How a process ended; without a result it could not be learnt.</summary>
internal readonly record struct ExitStatus(WaitResult? Result)
{
    /// <summary>What is reported when nobody saw the end.</summary>
    public const int UnknownCode = 255;

    public int Code => Result?.ExitCode ?? UnknownCode;

    public int? Signal => Result is { Signal: > 0 } result ? result.Signal : null;

    public string? Error => Result is null ? "the process ended while no supervisor ran: its exit code is unknown" : null;
}
