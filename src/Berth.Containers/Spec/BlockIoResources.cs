using System.Text.Json.Serialization;

namespace Berth.Containers.Spec;

/// <summary>Block I/O limits. [OCI-RT] config-linux.md, Block IO.</summary>
public sealed record BlockIoResources
{
    public ushort? Weight { get; init; }

    public ushort? LeafWeight { get; init; }

    public IReadOnlyList<WeightDevice> WeightDevice { get => field ?? []; init; }

    public IReadOnlyList<ThrottleDevice> ThrottleReadBpsDevice { get => field ?? []; init; }

    public IReadOnlyList<ThrottleDevice> ThrottleWriteBpsDevice { get => field ?? []; init; }

    [JsonPropertyName("throttleReadIOPSDevice")]
    public IReadOnlyList<ThrottleDevice> ThrottleReadIopsDevice { get => field ?? []; init; }

    [JsonPropertyName("throttleWriteIOPSDevice")]
    public IReadOnlyList<ThrottleDevice> ThrottleWriteIopsDevice { get => field ?? []; init; }
}
