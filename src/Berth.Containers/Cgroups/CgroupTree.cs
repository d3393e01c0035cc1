using System.Diagnostics;
using System.Globalization;
using Berth.Linux;

namespace Berth.Containers.Cgroups;

/// <summary>What both versions do alike with a directory of cgroups: list, walk, remove.</summary>
internal static class CgroupTree
{
    private const int MaxDepth = 64;

    /// <summary>The directory and all below it, children before parents.</summary>
    public static IReadOnlyList<string> BottomUp(string directory)
    {
        var found = new List<string>();
        Walk(directory, 0, found);
        return found;
    }

    private static void Walk(string directory, int depth, List<string> found)
    {
        if (depth > MaxDepth)
            return;
        try
        {
            foreach (string child in Directory.EnumerateDirectories(directory))
                Walk(child, depth + 1, found);
            found.Add(directory);
        }
        catch (DirectoryNotFoundException)
        {
            // It ended while we looked.
        }
    }

    public static void CollectPids(string directory, ISet<int> pids)
    {
        foreach (string cgroup in BottomUp(directory))
        {
            foreach (ReadOnlySpan<char> line in (CgroupFile.TryRead(cgroup, "cgroup.procs") ?? "").AsSpan().EnumerateLines())
            {
                if (int.TryParse(line, NumberStyles.None, CultureInfo.InvariantCulture, out int pid) && pid > 0)
                    pids.Add(pid);
            }
        }
    }

    /// <summary>Removes the directory and all below; tries again while dying processes still hold it.</summary>
    /// <returns>Whether it is gone.</returns>
    public static bool TryRemove(string directory, TimeSpan patience)
    {
        long start = Stopwatch.GetTimestamp();
        for (int pause = 1; ; pause = Math.Min(pause * 2, 50))
        {
            bool gone = true;
            foreach (string cgroup in BottomUp(directory))
                gone &= TryRemoveOne(cgroup);
            if (gone && !Directory.Exists(directory))
                return true;
            if (Stopwatch.GetElapsedTime(start) >= patience)
                return false;
            Thread.Sleep(pause);
        }
    }

    public static bool TryRemoveOne(string directory)
    {
        try
        {
            Directory.Delete(directory, recursive: false);
            return true;
        }
        catch (DirectoryNotFoundException)
        {
            return true;
        }
        catch (IOException e) when ((Errno)e.HResult is Errno.ENOENT)
        {
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Waits until <paramref name="reached"/>; false when it was not within the time.</summary>
    public static bool WaitUntil(Func<bool> reached, TimeSpan patience)
    {
        long start = Stopwatch.GetTimestamp();
        for (int pause = 0; ; pause = Math.Min(pause + 1, 10))
        {
            if (reached())
                return true;
            if (Stopwatch.GetElapsedTime(start) >= patience)
                return false;
            Thread.Sleep(pause);
        }
    }
}
