using System.Text.Json.Nodes;
using Berth.Containers.Cgroups;
using Berth.Linux;
using Berth.Oci.State;

namespace Berth.Oci.Commands;

/// <summary><c>events</c>: usage, once or at intervals, and kills for lack of memory, as one JSON object a line in the form of runc's.</summary>
internal static class EventsCommand
{
    private const string DefaultInterval = "5s";
    private const int MaxIntervalMilliseconds = 24 * 3600 * 1000;

    public static int Run(Session session, IReadOnlyList<string> words)
    {
        Arguments given = Arguments.Parse(words, ["stats"], ["interval"]);
        int interval = Milliseconds(given.Value("interval") ?? DefaultInterval);
        StoredContainer container = session.Store.Get(given.Id("events"));
        using FileDescriptor process = container.OpenProcess();
        ICgroup cgroup = session.Cgroups.Open(container.Record!.Cgroup);
        if (given.Has("stats"))
        {
            Print(container.Id, "stats", UsageJson.Of(cgroup.Stats()));
            return 0;
        }
        Follow(container.Id, process, cgroup, interval);
        return 0;
    }

    // Until its first process ends. The kernel counts the kills, so none between two looks is missed.
    private static void Follow(string id, FileDescriptor process, ICgroup cgroup, int interval)
    {
        Libc.pollfd[] ended = [new() { fd = process.Number, events = Libc.POLLIN }];
        ulong kills = cgroup.OomKills();
        bool gone;
        do
        {
            gone = Libc.Poll(ended, interval) > 0;
            CgroupStats stats;
            try
            {
                stats = cgroup.Stats();
            }
            catch (CgroupException) when (gone)
            {
                return; // removed with the container
            }
            for (; kills < stats.OomKills; kills++) Print(id, "oom", null);
            if (!gone) Print(id, "stats", UsageJson.Of(stats));
        }
        while (!gone);
    }

    private static void Print(string id, string type, JsonObject? data)
    {
        JsonObject line = new() { ["type"] = type, ["id"] = id };
        if (data is not null) line["data"] = data;
        Console.Out.WriteLine(line.ToJsonString());
        Console.Out.Flush();
    }

    private static int Milliseconds(string text)
    {
        (string unit, long factor) = text.EndsWith("ms", StringComparison.Ordinal) ? ("ms", 1L) : text.EndsWith('s') ? ("s", 1000L) : text.EndsWith('m') ? ("m", 60_000L) : ("", 0L);
        if (factor == 0 || !uint.TryParse(text.AsSpan(0, text.Length - unit.Length), out uint number) || number * factor is 0 or > MaxIntervalMilliseconds)
            throw new OciException($"--interval {text}: write a number with ms, s or m, up to a day");
        return (int)(number * factor);
    }
}
