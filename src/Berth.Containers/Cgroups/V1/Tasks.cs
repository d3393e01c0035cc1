namespace Berth.Containers.Cgroups.V1;

/// <summary>The pids controller, whose files both versions share. Kernel documentation: admin-guide/cgroup-v1/pids.rst.</summary>
internal static class Tasks
{
    public static void Apply(string directory, long limit) =>
        CgroupFile.Write(directory, "pids.max", limit > 0 ? limit.ToString() : "max");

    public static PidsStats Read(string directory) => new()
    {
        Current = CgroupFile.ReadNumber(directory, "pids.current") ?? 0,
        Limit = CgroupFile.ReadNumber(directory, "pids.max"),
    };
}
