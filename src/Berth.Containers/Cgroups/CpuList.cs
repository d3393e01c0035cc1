namespace Berth.Containers.Cgroups;

/// <summary>Lists of CPUs or memory nodes as the kernel writes them: <c>0-2,4</c>. See cpuset(7), "List format".</summary>
public static class CpuList
{
    private const int MaxNumber = 8191; // the kernel's largest NR_CPUS

    /// <summary>Reads a list; false when it is malformed or a number is absurd.</summary>
    public static bool TryParse(string text, out IReadOnlyList<int> numbers)
    {
        var set = new SortedSet<int>();
        numbers = [];
        foreach (string part in text.Trim().Split(','))
        {
            string[] ends = part.Split('-');
            if (ends.Length > 2 || !TryNumber(ends[0], out int first) || !TryNumber(ends[^1], out int last) || last < first)
                return false;
            for (int n = first; n <= last; n++)
                set.Add(n);
        }
        numbers = [.. set];
        return true;
    }

    private static bool TryNumber(string text, out int number) =>
        int.TryParse(text, System.Globalization.NumberStyles.None, null, out number) && number <= MaxNumber;
}
