namespace Berth.Containers.Supervision;

/// <summary>One line to a client: the answer to its request, or an event of a watch.</summary>
internal sealed record SupervisorResponse
{
    public SupervisorError? Error { get; init; }

    public SupervisorInfo? Info { get; init; }

    public StartResult? Started { get; init; }

    public IReadOnlyList<SupervisedProcess>? Processes { get; init; }

    public SupervisorEvent? Event { get; init; }

    /// <summary>Attach: where the log stood when the stream began.</summary>
    public Logs.LogPosition? Log { get; init; }

    /// <summary>Attach: the stream is raw, not framed; null while the process is not started.</summary>
    public bool? Tty { get; init; }

    /// <summary>Watch: the descriptor that travels with this line is to be kept under this name.</summary>
    public KeptDescriptorName? Keep { get; init; }

    /// <summary>Watch: the descriptor of this name is no longer needed.</summary>
    public KeptDescriptorName? Drop { get; init; }

    /// <summary>Watch: the supervisor lacks this descriptor and asks for it.</summary>
    public KeptDescriptorName? Want { get; init; }
}
