using Berth.Linux;

namespace Berth.Containers.Cgroups.V2;

/// <summary>Hands controllers down the tree. Kernel documentation: admin-guide/cgroup-v2.rst, "Enabling and Disabling".</summary>
internal static class SubtreeControl
{
    private static readonly string[] Wanted = ["cpuset", "cpu", "io", "memory", "hugetlb", "pids"];

    public static IReadOnlyList<string> Available(string directory) => Words(directory, "cgroup.controllers");

    /// <summary>Makes the controllers usable below <paramref name="root"/> down to the parent of <paramref name="path"/>, making parents on the way.</summary>
    public static void EnableDownTo(string root, string path)
    {
        string[] parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        string directory = root;
        foreach (string part in parts)
        {
            Enable(directory);
            directory = $"{directory}/{part}";
            Directory.CreateDirectory(directory);
        }
    }

    private static void Enable(string directory)
    {
        IReadOnlyList<string> enabled = Words(directory, "cgroup.subtree_control");
        IReadOnlyList<string> missing = [.. Available(directory).Intersect(Wanted).Except(enabled)];
        if (missing.Count == 0 || Write(directory, missing) == Errno.None)
            return;
        // One that is refused must not take the others with it; a limit that needs it then names the missing file.
        foreach (string controller in missing)
            Write(directory, [controller]);
    }

    private static Errno Write(string directory, IEnumerable<string> controllers) =>
        CgroupFile.TryWrite(directory, "cgroup.subtree_control", string.Join(' ', controllers.Select(static c => "+" + c)));

    private static string[] Words(string directory, string file) =>
        (CgroupFile.TryRead(directory, file) ?? "").Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries);
}
