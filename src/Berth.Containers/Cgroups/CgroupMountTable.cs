namespace Berth.Containers.Cgroups;

/// <summary>The cgroup mounts of this process, from <c>/proc/self/mountinfo</c>. See proc_pid_mountinfo(5).</summary>
internal static class CgroupMountTable
{
    /// <param name="Directory">Where it is mounted.</param>
    /// <param name="Root">Which part of the hierarchy is mounted there.</param>
    /// <param name="Controllers">v1: what the hierarchy controls, <c>name=x</c> for a named one; empty for cgroup2.</param>
    /// <param name="IsV2">Whether it is cgroup2.</param>
    /// <param name="Writable">Whether it is mounted read-write.</param>
    public sealed record Entry(string Directory, string Root, IReadOnlyList<string> Controllers, bool IsV2, bool Writable);

    private static readonly string[] GenericOptions = ["rw", "ro", "clone_children", "xattr", "noprefix", "cpuset_v2_mode", "favordynmods", "nsdelegate", "memory_recursiveprot", "memory_localevents"];

    /// <summary>Cgroup mounts at or below <paramref name="below"/>, in the order mounted.</summary>
    public static IReadOnlyList<Entry> Parse(string mountInfo, string below)
    {
        var entries = new List<Entry>();
        foreach (string line in mountInfo.Split('\n'))
        {
            // id parent major:minor root directory options [optional…] - type source super-options
            string[] halves = line.Split(" - ", 2);
            string[] left = halves[0].Split(' ');
            string[] right = halves.Length == 2 ? halves[1].Split(' ') : [];
            if (left.Length < 6 || right.Length < 3 || right[0] is not ("cgroup" or "cgroup2"))
                continue;
            string directory = Unescape(left[4]);
            if (directory != below && !directory.StartsWith(below.TrimEnd('/') + "/", StringComparison.Ordinal))
                continue;
            bool v2 = right[0] == "cgroup2";
            IReadOnlyList<string> controllers = v2 ? [] : [.. right[2].Split(',').Where(static o => !GenericOptions.Contains(o) && !o.StartsWith("release_agent=", StringComparison.Ordinal))];
            bool writable = left[5].Split(',').Contains("rw") && right[2].Split(',').Contains("rw");
            entries.Add(new Entry(directory, Unescape(left[3]), controllers, v2, writable));
        }
        return entries;
    }

    /// <summary>The calling process's own place: controller list (empty for cgroup2) to path. See cgroups(7), "/proc/pid/cgroup".</summary>
    public static Dictionary<string, string> ParseOwnPaths(string procSelfCgroup)
    {
        var paths = new Dictionary<string, string>();
        foreach (string line in procSelfCgroup.Split('\n'))
        {
            string[] parts = line.Split(':', 3);
            if (parts.Length < 3)
                continue;
            foreach (string controller in parts[1].Split(','))
                paths[controller] = parts[2];
        }
        return paths;
    }

    // Blanks and backslashes are written as three octal digits.
    private static string Unescape(string text) => !text.Contains('\\') ? text
        : text.Replace("\\040", " ").Replace("\\011", "\t").Replace("\\012", "\n").Replace("\\134", "\\");
}
