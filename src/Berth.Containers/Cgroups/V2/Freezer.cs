namespace Berth.Containers.Cgroups.V2;

/// <summary>cgroup.freeze. Kernel documentation: admin-guide/cgroup-v2.rst, "Core Interface Files".</summary>
internal static class Freezer
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public static void Freeze(string directory)
    {
        CgroupFile.Write(directory, "cgroup.freeze", "1");
        if (CgroupTree.WaitUntil(() => IsFrozen(directory), Patience))
            return;
        Thaw(directory);
        throw new CgroupException($"{directory} does not freeze: a process is in an uninterruptible wait");
    }

    public static void Thaw(string directory) => CgroupFile.Write(directory, "cgroup.freeze", "0");

    /// <summary>The file cgroup.freeze tells the wish; cgroup.events tells what is.</summary>
    public static bool IsFrozen(string directory) => CgroupFile.ReadTable(directory, "cgroup.events").Get("frozen") == 1;
}
