namespace Berth.Containers.Spec;

/// <summary>Proportional weight of one block device, 10 to 1000.</summary>
public sealed record WeightDevice
{
    public long Major { get; init; }

    public long Minor { get; init; }

    public ushort? Weight { get; init; }

    public ushort? LeafWeight { get; init; }
}
