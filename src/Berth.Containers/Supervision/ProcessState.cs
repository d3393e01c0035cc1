namespace Berth.Containers.Supervision;

/// <summary>What a later supervisor needs to take a process over; the content of its <c>state.json</c>.</summary>
internal sealed record ProcessState
{
    public required SupervisedProcess Process { get; init; }

    public string? BootId { get; init; }

    public bool OpenStdin { get; init; }

    public bool StdinOnce { get; init; }

    public bool StdinClosed { get; init; }

    public LogConfig? Log { get; init; }
}
