namespace Berth.Engine.Execs;

/// <summary>State of an exec session.</summary>
public sealed record ExecInspect
{
    /// <summary>64 hexadecimal digits.</summary>
    public required string ID { get; init; }

    /// <summary>Its process lives.</summary>
    public bool Running { get; init; }

    /// <summary>Exit code; null until it ends.</summary>
    public int? ExitCode { get; init; }

    /// <summary>What it runs.</summary>
    public required ExecProcessView ProcessConfig { get; init; }

    /// <summary>Input attached.</summary>
    public bool OpenStdin { get; init; }

    /// <summary>Output attached.</summary>
    public bool OpenStdout { get; init; }

    /// <summary>Error output attached.</summary>
    public bool OpenStderr { get; init; }

    /// <summary>Unused.</summary>
    public bool CanRemove { get; init; }

    /// <summary>Its instance.</summary>
    public required string ContainerID { get; init; }

    /// <summary>Key sequence.</summary>
    public string DetachKeys { get; init; } = "";

    /// <summary>Process id on the host; 0 = none.</summary>
    public int Pid { get; init; }
}
