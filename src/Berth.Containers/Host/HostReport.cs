namespace Berth.Containers.Host;

/// <summary>What <c>berth doctor</c> and <c>GET /berth/doctor</c> answer.</summary>
/// <param name="CanRunContainers">Whether nothing is missing that containers need.</param>
/// <param name="Features">Everything looked at, in the order to show it.</param>
public sealed record HostReport(bool CanRunContainers, IReadOnlyList<HostFeature> Features)
{
    /// <summary>Looks at this host and at the room for <paramref name="dataRoot"/>; needs no daemon and no rights, and changes nothing.</summary>
    public static HostReport Make(string dataRoot)
    {
        HostFeatures features = HostFeatures.Probe();
        return new HostReport(features.CanRunContainers, [.. features.All.Select(Judged), HostTools.Room(dataRoot)]);

        // Only a guest tells, and takes a second to.
        HostFeature Judged(HostFeature feature) =>
            feature is { Name: VirtualizationProbe.KvmName, Status: not FeatureStatus.Missing } ? VirtualizationProbe.Kvm(KvmVerdict.Get(dataRoot, AppContext.BaseDirectory, keep: false)) : feature;
    }
}
