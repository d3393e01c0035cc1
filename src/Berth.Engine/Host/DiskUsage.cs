using Berth.Engine.Instances;
using Berth.Engine.Volumes;

namespace Berth.Engine.Host;

/// <summary>Answer to <c>GET /system/df</c>; images are added by the image service.</summary>
public sealed record DiskUsage
{
    /// <summary>Bytes of all layers, and of the disks that virtual machines have of them.</summary>
    public long LayersSize { get; init; }

    /// <summary>Instances with sizes.</summary>
    public IReadOnlyList<InstanceSummary> Containers { get; init; } = [];

    /// <summary>Volumes with sizes.</summary>
    public IReadOnlyList<VolumeView> Volumes { get; init; } = [];
}
