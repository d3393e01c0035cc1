using Berth.Containers.Spec;

namespace Berth.Containers.Cgroups.V1;

/// <summary>The cpuset controller; see cpuset(7).</summary>
internal static class Cpuset
{
    private static readonly string[] Files = ["cpuset.cpus", "cpuset.mems"];

    public static bool Wants(CpuResources cpu) => !string.IsNullOrEmpty(cpu.Cpus) || !string.IsNullOrEmpty(cpu.Mems);

    /// <summary>A new cpuset has no CPUs and no memory, and takes no process until it has: copies them down from the parents.</summary>
    public static void InheritFromParents(string root, string path)
    {
        string parent = root;
        foreach (string part in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            string directory = $"{parent}/{part}";
            foreach (string file in Files)
            {
                if (string.IsNullOrWhiteSpace(CgroupFile.Read(directory, file)))
                    CgroupFile.Write(directory, file, CgroupFile.Read(parent, file).Trim());
            }
            parent = directory;
        }
    }

    public static void Apply(string directory, CpuResources cpu)
    {
        if (!string.IsNullOrEmpty(cpu.Cpus))
            CgroupFile.Write(directory, "cpuset.cpus", cpu.Cpus);
        if (!string.IsNullOrEmpty(cpu.Mems))
            CgroupFile.Write(directory, "cpuset.mems", cpu.Mems);
    }
}
