namespace Berth.Containers.Supervision;

/// <summary>One line from a client.</summary>
internal sealed record SupervisorRequest
{
    /// <summary>Longest line in bytes.</summary>
    public const int MaxBytes = 16 << 20;

    public SupervisorOperation Op { get; init; }

    public StartRequest? Start { get; init; }

    public ExecRequest? Exec { get; init; }

    public AttachRequest? Attach { get; init; }

    public string? Id { get; init; }

    public string? ExecId { get; init; }

    public int Signal { get; init; }

    public TerminalSize Size { get; init; }

    /// <summary>Signal: every process of the cgroup. Shutdown: kill all containers.</summary>
    public bool All { get; init; }

    /// <summary>Return: which descriptor comes back.</summary>
    public KeptDescriptorKind Kept { get; init; }
}
