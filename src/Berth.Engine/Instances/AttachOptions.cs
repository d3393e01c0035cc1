namespace Berth.Engine.Instances;

/// <summary>What a client wants of an attached stream.</summary>
public sealed record AttachOptions
{
    /// <summary>Send input.</summary>
    public bool Stdin { get; init; }

    /// <summary>Receive standard output.</summary>
    public bool Stdout { get; init; }

    /// <summary>Receive standard error.</summary>
    public bool Stderr { get; init; }

    /// <summary>First everything logged so far.</summary>
    public bool Logs { get; init; }

    /// <summary>Then live output.</summary>
    public bool Stream { get; init; } = true;

    /// <summary>Key sequence that detaches, as <c>ctrl-p,ctrl-q</c>.</summary>
    public string? DetachKeys { get; init; }
}
