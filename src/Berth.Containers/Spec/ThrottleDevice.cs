namespace Berth.Containers.Spec;

/// <summary>Upper rate of one block device, in bytes or operations per second; 0 means no limit.</summary>
public sealed record ThrottleDevice
{
    public long Major { get; init; }

    public long Minor { get; init; }

    public ulong Rate { get; init; }
}
