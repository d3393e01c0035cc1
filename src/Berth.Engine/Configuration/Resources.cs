using System.Text.Json;
using System.Text.Json.Serialization;

namespace Berth.Engine.Configuration;

/// <summary>Limits of an instance, as in the Docker API's <c>Resources</c>.</summary>
public record Resources
{
    /// <summary>Relative CPU weight; 0 = 1024.</summary>
    public long CpuShares { get; init; }

    /// <summary>Memory limit in bytes; 0 = none.</summary>
    public long Memory { get; init; }

    /// <summary>CPU limit in billionths of a CPU.</summary>
    public long NanoCpus { get; init; }

    /// <summary>Parent control group; empty = the engine's.</summary>
    public string? CgroupParent { get; init; }

    /// <summary>Relative block I/O weight, 10 to 1000; 0 = unset.</summary>
    public ushort BlkioWeight { get; init; }

    /// <summary>Weights per device.</summary>
    public IReadOnlyList<WeightDevice>? BlkioWeightDevice { get; init; }

    /// <summary>Read limits in bytes per second.</summary>
    public IReadOnlyList<ThrottleDevice>? BlkioDeviceReadBps { get; init; }

    /// <summary>Write limits in bytes per second.</summary>
    public IReadOnlyList<ThrottleDevice>? BlkioDeviceWriteBps { get; init; }

    /// <summary>Read limits in operations per second.</summary>
    public IReadOnlyList<ThrottleDevice>? BlkioDeviceReadIOps { get; init; }

    /// <summary>Write limits in operations per second.</summary>
    public IReadOnlyList<ThrottleDevice>? BlkioDeviceWriteIOps { get; init; }

    /// <summary>CFS period in microseconds.</summary>
    public long CpuPeriod { get; init; }

    /// <summary>CFS quota in microseconds per period.</summary>
    public long CpuQuota { get; init; }

    /// <summary>Real-time period in microseconds.</summary>
    public long CpuRealtimePeriod { get; init; }

    /// <summary>Real-time runtime in microseconds.</summary>
    public long CpuRealtimeRuntime { get; init; }

    /// <summary>CPUs to run on, as <c>0-2,4</c>.</summary>
    public string? CpusetCpus { get; init; }

    /// <summary>Memory nodes to use.</summary>
    public string? CpusetMems { get; init; }

    /// <summary>Host devices to make available.</summary>
    public IReadOnlyList<DeviceMapping>? Devices { get; init; }

    /// <summary>Further device rules, as <c>c 1:3 rwm</c>.</summary>
    public IReadOnlyList<string>? DeviceCgroupRules { get; init; }

    /// <summary>Requests to device drivers.</summary>
    public IReadOnlyList<DeviceRequest>? DeviceRequests { get; init; }

    /// <summary>Withdrawn from the API; anything but 0 is refused.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? KernelMemory { get; init; }

    /// <summary>Limit of kernel TCP memory; refused unless 0.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? KernelMemoryTCP { get; init; }

    /// <summary>Soft memory limit in bytes.</summary>
    public long MemoryReservation { get; init; }

    /// <summary>Memory plus swap in bytes; 0 = twice the memory, -1 = unlimited.</summary>
    public long MemorySwap { get; init; }

    /// <summary>0 to 100; -1 or null = unset.</summary>
    public long? MemorySwappiness { get; init; }

    /// <summary>Do not kill on lack of memory (cgroup v1).</summary>
    public bool? OomKillDisable { get; init; }

    /// <summary>Most processes; 0, -1 or null = no limit.</summary>
    public long? PidsLimit { get; init; }

    /// <summary>Resource limits.</summary>
    public IReadOnlyList<Ulimit>? Ulimits { get; init; }

    /// <summary>Windows only.</summary>
    public long CpuCount { get; init; }

    /// <summary>Windows only.</summary>
    public long CpuPercent { get; init; }

    /// <summary>Windows only.</summary>
    public long IOMaximumIOps { get; init; }

    /// <summary>Windows only.</summary>
    public long IOMaximumBandwidth { get; init; }

    /// <summary>Fields of the request that no property took; validation refuses them by name.</summary>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? Unknown { get; set; }
}
