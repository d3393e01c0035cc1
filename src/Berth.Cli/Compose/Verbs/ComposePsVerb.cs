using System.Globalization;
using System.Text.Json;
using Berth.Cli.CommandLine;
using Berth.Cli.Output;
using Berth.Compose.Planning;

namespace Berth.Cli.Compose.Verbs;

/// <summary><c>berth compose ps</c>.</summary>
internal sealed class ComposePsVerb(ComposeFlags flags) : ComposeCommand(flags)
{
    private static readonly Column[] s_columns =
        [new("NAME", "Name"), new("IMAGE", "Image"), new("COMMAND", "Command"), new("SERVICE", "Service"), new("CREATED", "RunningFor"), new("STATUS", "Status"), new("PORTS", "Ports")];

    private readonly BoolFlag _all = new("all", 'a', "Those that do not run too");
    private readonly BoolFlag _services = new("services", "Only the names of services");
    private readonly TextFlag _status = new("status", "STATUS", "Only those of that status");
    private readonly ListFlags _list = new();

    public override string Usage => "[OPTIONS] [SERVICE...]";

    public override IReadOnlyList<string> Examples => ["compose ps -a", "compose ps -q web", "compose ps --format json"];

    public override Flag[] Flags => [_all, _services, _status, .. _list.All()];

    protected override int Run(ComposeSession session, IReadOnlyList<string> arguments)
    {
        var (_, name) = session.LoadIfAny(arguments);
        var items = session.State.List(name).Select(item => JsonDocument.Parse(item.ToJsonString()).RootElement)
            .Where(item => (arguments.Count == 0 || arguments.Contains(Label(item, ComposeLabels.Service))) && Label(item, ComposeLabels.OneOff) != "True"
                && (_status.Value is { } status ? item.Text("State") == status : _all.Value || item.Text("State") is "running" or "paused" or "restarting")).ToList();
        if (_services.Value)
        {
            foreach (var service in items.Select(item => Label(item, ComposeLabels.Service)).Distinct())
            {
                session.Context.Out.WriteLine(service);
            }
            return 0;
        }
        var now = TimeProvider.System.GetUtcNow();
        _list.Print(session.Context, s_columns, "ID", [.. items.Select(item => ToRow(item, now))]);
        return 0;
    }

    private static string Label(JsonElement item, string name) => item.Field("Labels").Text(name);

    private Row ToRow(JsonElement item, DateTimeOffset now)
    {
        var status = item.Text("Status");
        var command = item.Text("Command");
        return new Row
        {
            ["ID"] = item.Text("Id"),
            ["Name"] = item.Texts("Names").FirstOrDefault("").TrimStart('/'),
            ["Image"] = item.Text("Image"),
            ["Command"] = $"\"{(_list.NoTrunc.Value ? command : Ids.Ellipsis(command, 20))}\"",
            ["Service"] = Label(item, ComposeLabels.Service),
            ["Project"] = Label(item, ComposeLabels.Project),
            ["RunningFor"] = AgoText.Since(item.Number("Created"), now),
            ["CreatedAt"] = TimeText.Created(item.Number("Created")),
            ["State"] = item.Text("State"),
            ["Status"] = status,
            ["Health"] = status.Contains("(healthy)", StringComparison.Ordinal) ? "healthy" : status.Contains("(unhealthy)", StringComparison.Ordinal) ? "unhealthy" : status.Contains("health: starting", StringComparison.Ordinal) ? "starting" : "",
            ["ExitCode"] = ExitCode(status),
            ["Ports"] = PortText.List(item.Items("Ports")),
        };
    }

    // The list has the code only within the words "Exited (3) 5 minutes ago".
    private static long ExitCode(string status)
    {
        var (open, close) = (status.IndexOf('(', StringComparison.Ordinal), status.IndexOf(')', StringComparison.Ordinal));
        return status.StartsWith("Exited", StringComparison.Ordinal) && close > open && open >= 0 && long.TryParse(status[(open + 1)..close], NumberStyles.None, CultureInfo.InvariantCulture, out var code) ? code : 0;
    }
}
