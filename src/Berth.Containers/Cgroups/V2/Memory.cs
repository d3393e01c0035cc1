using System.Globalization;
using Berth.Containers.Spec;

namespace Berth.Containers.Cgroups.V2;

/// <summary>The memory controller. Swappiness and switching off the OOM killer do not exist here and are left out, as in Docker.</summary>
internal static class Memory
{
    public static void Apply(string directory, MemoryResources memory)
    {
        long? limit = NonZero(memory.Limit);
        if (limit > 0 && memory.CheckBeforeUpdate == true && CgroupFile.ReadNumber(directory, "memory.current") > (ulong)limit)
            throw new CgroupException($"memory limit {limit} is below the present usage");
        // Room for swap first: lowering memory.max then finds somewhere to move pages.
        if (SwapOf(directory, limit, NonZero(memory.Swap)) is { } swap && (swap != "max" || CgroupFile.Exists(directory, "memory.swap.max")))
            CgroupFile.Write(directory, "memory.swap.max", swap);
        if (limit is not null)
            CgroupFile.Write(directory, "memory.max", Text(limit.Value));
        if (NonZero(memory.Reservation) is { } reservation)
            CgroupFile.Write(directory, "memory.low", Text(reservation));
    }

    /// <summary>The specification counts memory and swap together; this version counts swap alone.</summary>
    private static string? SwapOf(string directory, long? limit, long? both)
    {
        if (both is null)
            return limit == -1 ? "max" : null;
        if (both == -1 || limit == -1)
            return "max";
        ulong? memory = limit is null ? CgroupFile.ReadNumber(directory, "memory.max") : (ulong)limit;
        if (memory is null || (ulong)both < memory)
            throw new CgroupException($"memory and swap together ({both}) need a memory limit that is not above them");
        // Without swap accounting there is no file; the wish for "no swap" is then already true or cannot be kept.
        return CgroupFile.Exists(directory, "memory.swap.max") ? ((ulong)both - memory.Value).ToString(CultureInfo.InvariantCulture) : null;
    }

    public static MemoryStats Read(string directory)
    {
        Dictionary<string, ulong> events = CgroupFile.ReadTable(directory, "memory.events");
        return new MemoryStats
        {
            Usage = CgroupFile.ReadNumber(directory, "memory.current") ?? 0,
            MaxUsage = CgroupFile.ReadNumber(directory, "memory.peak") ?? 0,
            Limit = CgroupFile.ReadNumber(directory, "memory.max"),
            SwapUsage = CgroupFile.ReadNumber(directory, "memory.swap.current") ?? 0,
            FailCount = events.Get("max"),
            Stat = CgroupFile.ReadTable(directory, "memory.stat"),
        };
    }

    private static long? NonZero(long? value) => value == 0 ? null : value;

    private static string Text(long value) => value < 0 ? "max" : value.ToString(CultureInfo.InvariantCulture);
}
