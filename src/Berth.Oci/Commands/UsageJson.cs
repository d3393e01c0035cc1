using System.Text.Json.Nodes;
using Berth.Containers.Cgroups;

namespace Berth.Oci.Commands;

/// <summary>Usage of a cgroup in the form in which runc tells it.</summary>
internal static class UsageJson
{
    public static JsonObject Of(CgroupStats stats) => new() { ["cpu"] = Cpu(stats.Cpu), ["memory"] = Memory(stats.Memory), ["pids"] = Pids(stats.Pids), ["blkio"] = BlockIo(stats.BlockIo) };

    private static JsonObject Cpu(CpuStats cpu) => new()
    {
        ["usage"] = new JsonObject
        {
            ["total"] = cpu.UsageNanoseconds,
            ["percpu"] = new JsonArray([.. cpu.PerCpuNanoseconds.Select(static n => (JsonNode)JsonValue.Create(n))]),
            ["kernel"] = cpu.SystemNanoseconds,
            ["user"] = cpu.UserNanoseconds,
        },
        ["throttling"] = new JsonObject { ["periods"] = cpu.Periods, ["throttledPeriods"] = cpu.ThrottledPeriods, ["throttledTime"] = cpu.ThrottledNanoseconds },
    };

    private static JsonObject Memory(MemoryStats memory)
    {
        JsonObject raw = [];
        foreach ((string name, ulong value) in memory.Stat) raw[name] = value;
        return new JsonObject
        {
            // The page cache under the names of cgroup v1 and v2.
            ["cache"] = memory.Stat.TryGetValue("cache", out ulong cache) || memory.Stat.TryGetValue("file", out cache) ? cache : 0,
            ["usage"] = new JsonObject { ["limit"] = memory.Limit ?? ulong.MaxValue, ["usage"] = memory.Usage, ["max"] = memory.MaxUsage, ["failcnt"] = memory.FailCount },
            ["swap"] = new JsonObject { ["usage"] = memory.SwapUsage },
            ["raw"] = raw,
        };
    }

    // No limit is told as zero.
    private static JsonObject Pids(PidsStats pids) => new() { ["current"] = pids.Current, ["limit"] = pids.Limit ?? 0 };

    private static JsonObject BlockIo(BlockIoStats io) => new() { ["ioServiceBytesRecursive"] = Entries(io.ServiceBytes), ["ioServicedRecursive"] = Entries(io.Serviced) };

    private static JsonArray Entries(IReadOnlyList<BlockIoEntry> entries) =>
        [.. entries.Select(static e => (JsonNode)new JsonObject { ["major"] = e.Major, ["minor"] = e.Minor, ["op"] = e.Operation, ["value"] = e.Value })];
}
