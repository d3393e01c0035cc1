using System.Text;
using Berth.Machine;

namespace Berth.Cpu.LockStep;

/// <summary>Compares the memories of two machines.</summary>
internal static unsafe class MemoryComparison
{
    private const int Shown = 12;
    private const int PagesAtOnce = 256;

    /// <summary>The first places that differ, or null.</summary>
    public static string? Differences(GuestMemory one, GuestMemory two)
    {
        long pages = one.PageCount;
        for (long page = 0; page < pages; page += PagesAtOnce)
        {
            if (!Of(one, page, PagesAtOnce).SequenceEqual(Of(two, page, PagesAtOnce))) return Differences(one, two, page);
        }
        return null;
    }

    /// <summary>The first places in and behind a page that differ.</summary>
    public static string Differences(GuestMemory one, GuestMemory two, long page)
    {
        var text = new StringBuilder();
        ReadOnlySpan<byte> first = Of(one, page, PagesAtOnce), second = Of(two, page, PagesAtOnce);
        for (int i = 0, shown = 0; i < first.Length && shown < Shown; i += 8)
        {
            if (first.Slice(i, 8).SequenceEqual(second.Slice(i, 8))) continue;
            shown++;
            text.Append($"  memory file {(page << GuestMemory.PageShift) + i:x}: {BitConverter.ToUInt64(first[i..]):x} and {BitConverter.ToUInt64(second[i..]):x}\n");
        }
        return text.ToString();
    }

    /// <summary>Whether a page is the same in both.</summary>
    public static bool IsSame(GuestMemory one, GuestMemory two, long page) => Of(one, page, 1).SequenceEqual(Of(two, page, 1));

    // SAFETY: pages of the memory, cut off at its end.
    private static ReadOnlySpan<byte> Of(GuestMemory memory, long page, int count) =>
        new((byte*)memory.HostBase + (page << GuestMemory.PageShift), (int)Math.Min(count, memory.PageCount - page) << GuestMemory.PageShift);
}
