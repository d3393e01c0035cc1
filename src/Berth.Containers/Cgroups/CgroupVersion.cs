namespace Berth.Containers.Cgroups;

/// <summary>Where a host keeps its resource controllers. See cgroups(7).</summary>
public enum CgroupVersion
{
    /// <summary>One hierarchy per controller; a cgroup2 mount without controllers may stand beside them (hybrid).</summary>
    V1 = 1,

    /// <summary>One hierarchy for all controllers.</summary>
    V2 = 2,
}
