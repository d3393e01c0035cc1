using System.Text.Json.Serialization;

namespace Berth.Containers.Spec;

/// <summary>The process to run. [OCI-RT] config.md, Process.</summary>
public sealed record ProcessSpec
{
    public bool Terminal { get; init; }

    public ConsoleSize? ConsoleSize { get; init; }

    public UserSpec User { get => field ?? new(); init; }

    public IReadOnlyList<string> Args { get => field ?? []; init; }

    public IReadOnlyList<string> Env { get => field ?? []; init; }

    /// <summary>Absolute path inside the container.</summary>
    public string Cwd { get => field ?? ""; init; }

    public CapabilitiesSpec? Capabilities { get; init; }

    public IReadOnlyList<RlimitSpec> Rlimits { get => field ?? []; init; }

    public bool NoNewPrivileges { get; init; }

    public int? OomScoreAdj { get; init; }

    public string? ApparmorProfile { get; init; }

    public string? SelinuxLabel { get; init; }

    public SchedulerSpec? Scheduler { get; init; }

    public IoPrioritySpec? IoPriority { get; init; }

    [JsonPropertyName("execCPUAffinity")]
    public CpuAffinitySpec? ExecCpuAffinity { get; init; }
}
