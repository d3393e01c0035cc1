using Berth.Cli.Api;
using Berth.Cli.CommandLine;
using Berth.Cli.Output;
using Berth.Cli.Templates;

namespace Berth.Cli.Commands;

/// <summary><c>berth volume ls</c>.</summary>
internal sealed class VolumeListVerb : Verb
{
    private readonly ListFlag _filter = new("filter", 'f', "NAME=VALUE", "Only matching ones: name, label, dangling, driver");
    private readonly ListFlags _list = new();

    public override string Usage => "[OPTIONS]";

    public override IReadOnlyList<string> Examples => ["volume ls -f dangling=true"];

    public override Flag[] Flags => [_filter, .. _list.All(truncates: false)];

    public override int MaximumArguments => 0;

    public override int Run(CommandContext context, IReadOnlyList<string> arguments)
    {
        using var answer = context.Api.Get(new Query("/volumes").Add("filters", Filters.ToJson(_filter.Values)).ToString());
        if (_list.Raw)
        {
            context.Out.WriteLine(TemplateData.Indent(answer.RootElement.Field("Volumes")));
            return 0;
        }
        var rows = answer.RootElement.Items("Volumes").OrderBy(volume => volume.Text("Name"), StringComparer.Ordinal).Select(volume => new Row
        {
            ["Driver"] = volume.Text("Driver"),
            ["Name"] = volume.Text("Name"),
            ["Mountpoint"] = volume.Text("Mountpoint"),
            ["Scope"] = volume.Text("Scope"),
            ["Labels"] = string.Join(',', volume.Map("Labels").Select(label => $"{label.Key}={label.Value}")),
        }).ToList();
        _list.Print(context, [new("DRIVER", "Driver"), new("VOLUME NAME", "Name")], "Name", rows);
        return 0;
    }
}
