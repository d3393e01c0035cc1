using System.Text.Json;
using Berth.Cli.Api;
using Berth.Cli.CommandLine;
using Berth.Cli.Output;
using Berth.Cli.Templates;

namespace Berth.Cli.Commands;

/// <summary><c>berth ps</c>.</summary>
internal sealed class PsVerb : Verb
{
    private static readonly Column[] s_columns =
    [
        new("CONTAINER ID", "ID"), new("IMAGE", "Image"), new("COMMAND", "Command"), new("CREATED", "RunningFor"), new("STATUS", "Status"),
        new("PORTS", "Ports"), new("NAMES", "Names"),
    ];

    private readonly BoolFlag _all = new("all", 'a', "Those that do not run too");
    private readonly BoolFlag _latest = new("latest", 'l', "The newest one, running or not");
    private readonly NumberFlag _last = new("last", 'n', "NUMBER", "The newest ones, running or not");
    private readonly BoolFlag _size = new("size", 's', "Show how much disk they use");
    private readonly ListFlag _filter = new("filter", 'f', "NAME=VALUE", "Only matching ones: name, status, label, ancestor, id, health …");
    private readonly ListFlags _list = new();

    public override string Usage => "[OPTIONS]";

    public override IReadOnlyList<string> Examples => ["ps -a", "ps --format '{{.Names}}: {{.Status}}'", "ps -aq --filter status=exited"];

    public override Flag[] Flags => [_all, _latest, _last, _size, _filter, .. _list.All()];

    public override int MaximumArguments => 0;

    public override int Run(CommandContext context, IReadOnlyList<string> arguments)
    {
        var limit = _latest.Value ? 1 : _last.Value;
        using var answer = context.Api.Get(new Query("/containers/json").Add("all", _all.Value || limit > 0).Add("limit", limit > 0 ? limit : null)
            .Add("size", _size.Value).Add("filters", Filters.ToJson(_filter.Values)).ToString());
        if (_list.Raw)
        {
            context.Out.WriteLine(TemplateData.Indent(answer.RootElement));
            return 0;
        }
        var now = TimeProvider.System.GetUtcNow();
        var rows = answer.RootElement.EnumerateArray().Select(container => ToRow(container, now)).ToList();
        _list.Print(context, _size.Value ? [.. s_columns, new("SIZE", "Size")] : s_columns, "ID", rows);
        return 0;
    }

    private Row ToRow(JsonElement container, DateTimeOffset now)
    {
        var id = container.Text("Id");
        var command = container.Text("Command");
        var image = container.Text("Image");
        var created = container.Number("Created");
        var writable = container.Number("SizeRw");
        return new Row
        {
            ["ID"] = _list.NoTrunc.Value ? id : Ids.Short(id),
            ["Image"] = !_list.NoTrunc.Value && image.StartsWith("sha256:", StringComparison.Ordinal) ? Ids.Short(image) : image,
            ["Command"] = $"\"{(_list.NoTrunc.Value ? command : Ids.Ellipsis(command, 20))}\"",
            ["RunningFor"] = AgoText.Since(created, now),
            ["CreatedAt"] = TimeText.Created(created),
            ["Status"] = container.Text("Status"),
            ["State"] = container.Text("State"),
            ["Ports"] = PortText.List(container.Items("Ports")),
            ["Names"] = string.Join(',', container.Texts("Names").Select(name => name.TrimStart('/'))),
            ["Labels"] = string.Join(',', container.Map("Labels").Select(label => $"{label.Key}={label.Value}")),
            ["Mounts"] = string.Join(',', container.Items("Mounts").Select(mount => mount.Text("Name") is { Length: > 0 } name ? name : mount.Text("Source"))),
            ["Networks"] = string.Join(',', container.Field("NetworkSettings").Map("Networks").Select(network => network.Key)),
            ["LocalVolumes"] = container.Items("Mounts").Count(mount => mount.Text("Driver") == "local").ToString(System.Globalization.CultureInfo.InvariantCulture),
            ["Runtime"] = container.Field("HostConfig").Text("Runtime"),
            ["Size"] = _size.Value ? $"{ByteText.Decimal(writable, 3)} (virtual {ByteText.Decimal(container.Number("SizeRootFs"), 3)})" : "0B",
        };
    }
}
