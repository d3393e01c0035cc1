using Berth.Cli.CommandLine;
using Berth.Cli.Output;
using Berth.Cli.Parsing;

namespace Berth.Cli.Commands;

/// <summary><c>berth volume create</c>.</summary>
internal sealed class VolumeCreateVerb : Verb
{
    private readonly TextFlag _driver = new("driver", 'd', "NAME", "Driver (default local)");
    private readonly ListFlag _label = new("label", "NAME[=VALUE]", "Attach a label");
    private readonly ListFlag _option = new("opt", 'o', "NAME=VALUE", "Driver option, as of mount(8): type, device, o");
    private readonly TextFlag _name = new("name", "NAME", "Name") { Hidden = true };

    public override string Usage => "[OPTIONS] [NAME]";

    public override IReadOnlyList<string> Examples => ["volume create data", "volume create -o type=tmpfs -o device=tmpfs -o o=size=64m scratch"];

    public override Flag[] Flags => [_driver, _label, _option, _name];

    public override int MaximumArguments => 1;

    public override int Run(CommandContext context, IReadOnlyList<string> arguments)
    {
        using var answer = context.Api.Post("/volumes/create", JsonWriting.Object(json =>
        {
            json.WriteIfAny("Name", arguments.Count > 0 ? arguments[0] : _name.Value);
            json.WriteString("Driver", _driver.Value ?? "local");
            json.WriteMapIfAny("DriverOpts", KeyValue.Pairs(_option.Values, "opt", valueRequired: false));
            json.WriteMapIfAny("Labels", KeyValue.Labels([], _label.Values));
        }));
        context.Out.WriteLine(answer?.RootElement.Text("Name"));
        return 0;
    }
}
