namespace Berth.Containers.Cgroups;

/// <summary>Removes what a crashed or rebooted predecessor left below the engine's parent cgroup.</summary>
public static class CgroupSweep
{
    /// <summary>Removes each child of <paramref name="parent"/> that is not alive and holds no process.</summary>
    /// <param name="hierarchy">The host's cgroups.</param>
    /// <param name="parent">Such as <c>/berth</c>.</param>
    /// <param name="isAlive">Whether the instance of that name is known to run.</param>
    /// <returns>Names of dead instances' cgroups that still hold processes and were left alone.</returns>
    public static IReadOnlyList<string> Run(CgroupHierarchy hierarchy, string parent, Func<string, bool> isAlive)
    {
        var left = new List<string>();
        foreach (string name in hierarchy.Children(parent))
        {
            if (isAlive(name))
                continue;
            ICgroup cgroup = hierarchy.Open($"{parent}/{name}");
            if (cgroup.Pids().Count > 0)
                left.Add(name);
            else
                cgroup.Destroy();
        }
        return left;
    }
}
