namespace Berth.Engine.Planning;

/// <summary>Lists of CPUs or memory nodes such as <c>0-2,4</c>. See cpuset(7), "List format".</summary>
internal static class CpuSet
{
    public static void Check(string? list, string field, int count)
    {
        if (string.IsNullOrEmpty(list))
            return;
        foreach (string range in list.Split(','))
        {
            string[] ends = range.Split('-');
            bool sound = ends.Length is 1 or 2 && ushort.TryParse(ends[0], out ushort low) && ushort.TryParse(ends[^1], out ushort high) && low <= high && high < count;
            if (!sound)
                throw EngineException.Invalid($"{field}: Invalid value {list}: use numbers and ranges below {count} such as 0-{count - 1}");
        }
    }
}
