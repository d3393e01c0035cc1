namespace Berth.Engine.Execs;

/// <summary>How an exec session starts.</summary>
public sealed record ExecStartOptions
{
    /// <summary>Do not attach.</summary>
    public bool Detach { get; init; }

    /// <summary>As at creation.</summary>
    public bool Tty { get; init; }

    /// <summary>Height, width.</summary>
    public IReadOnlyList<int>? ConsoleSize { get; init; }
}
