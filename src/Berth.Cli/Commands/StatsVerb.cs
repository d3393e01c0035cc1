using System.Globalization;
using System.Text.Json;
using Berth.Cli.Api;
using Berth.Cli.CommandLine;
using Berth.Cli.Output;
using Berth.Linux;

namespace Berth.Cli.Commands;

/// <summary><c>berth stats</c>: one sample of every container per round; the daemon takes them in turn, two samples apart.</summary>
internal sealed class StatsVerb : Verb
{
    private static readonly Column[] s_columns =
    [
        new("CONTAINER ID", "ID"), new("NAME", "Name"), new("CPU %", "CPUPerc"), new("MEM USAGE / LIMIT", "MemUsage"), new("MEM %", "MemPerc"),
        new("NET I/O", "NetIO"), new("BLOCK I/O", "BlockIO"), new("PIDS", "PIDs"),
    ];

    private readonly BoolFlag _all = new("all", 'a', "Those that do not run too");
    private readonly BoolFlag _noStream = new("no-stream", "One round only");
    private readonly ListFlags _list = new();

    public override string Usage => "[OPTIONS] [CONTAINER...]";

    public override IReadOnlyList<string> Examples => ["stats --no-stream", "stats --no-stream --format '{{.Name}} {{.MemUsage}}'"];

    public override Flag[] Flags => [_all, _noStream, .. _list.All()];

    public override CompletionSource Completes => CompletionSource.RunningContainers;

    public override int Run(CommandContext context, IReadOnlyList<string> arguments)
    {
        var live = !_noStream.Value;
        var clear = live && Libc.IsTerminal(context.StdOut);
        do
        {
            var rows = Names(context, arguments).Select(name => Sample(context, name, arguments.Count > 0)).OfType<Row>().ToList();
            if (clear)
            {
                context.Out.Write("\e[H\e[J");
            }
            _list.Print(context, s_columns, "ID", rows);
            context.Flush();
            if (live && rows.Count == 0)
            {
                Thread.Sleep(TimeSpan.FromSeconds(1));
            }
        }
        while (live);
        return 0;
    }

    private IReadOnlyList<string> Names(CommandContext context, IReadOnlyList<string> arguments)
    {
        if (arguments.Count > 0)
        {
            return arguments;
        }
        using var answer = context.Api.Get(new Query("/containers/json").Add("all", _all.Value).ToString());
        return [.. answer.RootElement.EnumerateArray().Select(container => container.Text("Id"))];
    }

    private Row? Sample(CommandContext context, string name, bool named)
    {
        try
        {
            using var answer = context.Api.Get($"/containers/{Query.Escape(name)}/stats?stream=0");
            return ToRow(answer.RootElement);
        }
        catch (ApiException e) when (e.Status is 404 or 409 && !named)
        {
            // It ended between the list and the sample.
            return null;
        }
    }

    private Row ToRow(JsonElement stats)
    {
        var memory = stats.Field("memory_stats");
        var details = memory.Field("stats");
        var cache = details.Number("total_inactive_file") is > 0 and var v1 ? v1 : details.Number("inactive_file");
        var used = Math.Max(0, memory.Number("usage") - cache);
        var limit = memory.Number("limit");
        var (received, sent) = (0L, 0L);
        if (stats.Field("networks") is { ValueKind: JsonValueKind.Object } networks)
        {
            foreach (var network in networks.EnumerateObject())
            {
                received += network.Value.Number("rx_bytes");
                sent += network.Value.Number("tx_bytes");
            }
        }
        var blocks = stats.Field("blkio_stats").Items("io_service_bytes_recursive").ToList();
        var id = stats.Text("id");
        return new Row
        {
            ["ID"] = _list.NoTrunc.Value ? id : Ids.Short(id),
            ["Container"] = Ids.Short(id),
            ["Name"] = stats.Text("name").TrimStart('/'),
            ["CPUPerc"] = Percent(Cpu(stats)),
            ["MemUsage"] = $"{ByteText.Binary(used)} / {ByteText.Binary(limit)}",
            ["MemPerc"] = Percent(limit > 0 ? used * 100.0 / limit : 0),
            ["NetIO"] = $"{ByteText.Decimal(received, 3)} / {ByteText.Decimal(sent, 3)}",
            ["BlockIO"] = $"{ByteText.Decimal(Sum(blocks, "read"), 3)} / {ByteText.Decimal(Sum(blocks, "write"), 3)}",
            ["PIDs"] = stats.Field("pids_stats").Number("current").ToString(CultureInfo.InvariantCulture),
        };
    }

    private static double Cpu(JsonElement stats)
    {
        var (now, before) = (stats.Field("cpu_stats"), stats.Field("precpu_stats"));
        var used = now.Field("cpu_usage").Number("total_usage") - before.Field("cpu_usage").Number("total_usage");
        var system = now.Number("system_cpu_usage") - before.Number("system_cpu_usage");
        return system > 0 && used > 0 ? (double)used / system * Math.Max(1, now.Number("online_cpus")) * 100 : 0;
    }

    private static long Sum(IEnumerable<JsonElement> blocks, string operation) =>
        blocks.Where(block => string.Equals(block.Text("op"), operation, StringComparison.OrdinalIgnoreCase)).Sum(block => block.Number("value"));

    private static string Percent(double value) => value.ToString("0.00", CultureInfo.InvariantCulture) + "%";
}
