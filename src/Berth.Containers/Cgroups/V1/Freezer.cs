namespace Berth.Containers.Cgroups.V1;

/// <summary>The freezer controller. Kernel documentation: admin-guide/cgroup-v1/freezer-subsystem.rst.</summary>
internal static class Freezer
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public static void Freeze(string directory)
    {
        // While new processes appear the state stays FREEZING; writing again picks them up.
        bool frozen = CgroupTree.WaitUntil(
            () =>
            {
                CgroupFile.Write(directory, "freezer.state", "FROZEN");
                return IsFrozen(directory);
            },
            Patience);
        if (frozen)
            return;
        Thaw(directory);
        throw new CgroupException($"{directory} does not freeze: a process is in an uninterruptible wait");
    }

    public static void Thaw(string directory) => CgroupFile.Write(directory, "freezer.state", "THAWED");

    public static bool IsFrozen(string directory) => CgroupFile.TryRead(directory, "freezer.state")?.Trim() == "FROZEN";

    /// <summary>Whether it is frozen or about to be.</summary>
    public static bool IsFreezing(string directory) => CgroupFile.TryRead(directory, "freezer.state")?.Trim() is "FROZEN" or "FREEZING";
}
