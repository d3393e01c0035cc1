using System.Text.Json.Serialization;

namespace Berth.Engine.Instances;

/// <summary>State of an instance as inspect shows it.</summary>
public sealed record InstanceStateView
{
    /// <summary>created, running, paused, restarting, removing, exited or dead.</summary>
    public required string Status { get; init; }

    /// <summary>Its process lives.</summary>
    public bool Running { get; init; }

    /// <summary>It is frozen.</summary>
    public bool Paused { get; init; }

    /// <summary>It waits to start again.</summary>
    public bool Restarting { get; init; }

    /// <summary>The kernel killed a process of it for lack of memory.</summary>
    public bool OOMKilled { get; init; }

    /// <summary>Its removal failed.</summary>
    public bool Dead { get; init; }

    /// <summary>Process id on the host; 0 = none.</summary>
    public int Pid { get; init; }

    /// <summary>Last exit code.</summary>
    public int ExitCode { get; init; }

    /// <summary>Why the last start failed.</summary>
    public string Error { get; init; } = "";

    /// <summary>RFC 3339.</summary>
    public required string StartedAt { get; init; }

    /// <summary>RFC 3339.</summary>
    public required string FinishedAt { get; init; }

    /// <summary>Health, when a probe is configured.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public HealthView? Health { get; init; }
}
