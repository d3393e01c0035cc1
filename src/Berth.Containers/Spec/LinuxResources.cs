using System.Collections.ObjectModel;
using System.Text.Json.Serialization;

namespace Berth.Containers.Spec;

/// <summary>Limits kept by cgroups. [OCI-RT] config-linux.md, Control groups.</summary>
public sealed record LinuxResources
{
    public IReadOnlyList<DeviceRule> Devices { get => field ?? []; init; }

    public MemoryResources? Memory { get; init; }

    public CpuResources? Cpu { get; init; }

    public PidsResources? Pids { get; init; }

    [JsonPropertyName("blockIO")]
    public BlockIoResources? BlockIo { get; init; }

    public IReadOnlyList<HugepageLimit> HugepageLimits { get => field ?? []; init; }

    /// <summary>cgroup v2 file name to the value written into it.</summary>
    public IReadOnlyDictionary<string, string> Unified { get => field ?? ReadOnlyDictionary<string, string>.Empty; init; }
}
