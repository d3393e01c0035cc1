using Berth.Cli.Api;
using Berth.Cli.CommandLine;
using Berth.Cli.Output;
using Berth.Cli.Templates;

namespace Berth.Cli.Commands;

/// <summary><c>berth network ls</c>.</summary>
internal sealed class NetworkListVerb : Verb
{
    private readonly ListFlag _filter = new("filter", 'f', "NAME=VALUE", "Only matching ones: name, id, driver, type, dangling, label");
    private readonly ListFlags _list = new();

    public override string Usage => "[OPTIONS]";

    public override IReadOnlyList<string> Examples => ["network ls -f driver=bridge"];

    public override Flag[] Flags => [_filter, .. _list.All()];

    public override int MaximumArguments => 0;

    public override int Run(CommandContext context, IReadOnlyList<string> arguments)
    {
        using var answer = context.Api.Get(new Query("/networks").Add("filters", Filters.ToJson(_filter.Values)).ToString());
        if (_list.Raw)
        {
            context.Out.WriteLine(TemplateData.Indent(answer.RootElement));
            return 0;
        }
        var rows = answer.RootElement.EnumerateArray().OrderBy(network => network.Text("Name"), StringComparer.Ordinal).Select(network => new Row
        {
            ["ID"] = _list.NoTrunc.Value ? network.Text("Id") : Ids.Short(network.Text("Id")),
            ["Name"] = network.Text("Name"),
            ["Driver"] = network.Text("Driver"),
            ["Scope"] = network.Text("Scope"),
            ["IPv6"] = network.Flag("EnableIPv6") ? "true" : "false",
            ["Internal"] = network.Flag("Internal") ? "true" : "false",
            ["Labels"] = string.Join(',', network.Map("Labels").Select(label => $"{label.Key}={label.Value}")),
            ["CreatedAt"] = network.Text("Created"),
        }).ToList();
        _list.Print(context, [new("NETWORK ID", "ID"), new("NAME", "Name"), new("DRIVER", "Driver"), new("SCOPE", "Scope")], "ID", rows);
        return 0;
    }
}
