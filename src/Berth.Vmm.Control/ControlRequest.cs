namespace Berth.Vmm.Control;

/// <summary>One line of JSON from a client. The first names what the connection is for; <c>signal</c> and <c>resize</c> follow an <c>exec</c>.</summary>
public sealed record ControlRequest
{
    /// <summary>What is wanted.</summary>
    public ControlOperation Op { get; init; }

    /// <summary>Exec: the process.</summary>
    public WorkloadConfig? Process { get; init; }

    /// <summary>Exec with a terminal and resize: rows.</summary>
    public int Rows { get; init; }

    /// <summary>Exec with a terminal and resize: columns.</summary>
    public int Columns { get; init; }

    /// <summary>Signal: its number.</summary>
    public int Signal { get; init; }

    /// <summary>Plug: the card; the number of its descriptor means nothing.</summary>
    public NetworkCardConfig? Card { get; init; }

    /// <summary>Unplug: the card's name. Configure: that of the card with the default routes, or none.</summary>
    public string? CardName { get; init; }

    /// <summary>Configure: where the default routes lead.</summary>
    public IReadOnlyList<string>? Gateways { get; init; }

    /// <summary>Configure: content of /etc/hosts; empty leaves it.</summary>
    public string? Hosts { get; init; }

    /// <summary>Configure: content of /etc/resolv.conf; empty leaves it.</summary>
    public string? ResolverConfiguration { get; init; }
}
