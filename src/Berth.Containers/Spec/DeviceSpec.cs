namespace Berth.Containers.Spec;

/// <summary>A device node to make in the container. [OCI-RT] config-linux.md, Devices.</summary>
public sealed record DeviceSpec
{
    public string Path { get => field ?? ""; init; }

    /// <summary><c>c</c>, <c>b</c>, <c>u</c> or <c>p</c>.</summary>
    public string Type { get => field ?? ""; init; }

    public long Major { get; init; }

    public long Minor { get; init; }

    public uint? FileMode { get; init; }

    public uint? Uid { get; init; }

    public uint? Gid { get; init; }
}
