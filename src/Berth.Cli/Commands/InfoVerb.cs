using System.Globalization;
using Berth.Cli.CommandLine;
using Berth.Cli.Output;
using Berth.Cli.Templates;

namespace Berth.Cli.Commands;

/// <summary><c>berth info</c>.</summary>
internal sealed class InfoVerb : Verb
{
    private readonly TextFlag _format = new("format", 'f', "FORMAT", "json, or a template as '{{.Containers}}'");

    public override string Usage => "[OPTIONS]";

    public override IReadOnlyList<string> Examples => ["info", "info --format '{{.ServerVersion}}'"];

    public override Flag[] Flags => [_format];

    public override int MaximumArguments => 0;

    public override int Run(CommandContext context, IReadOnlyList<string> arguments)
    {
        using var answer = context.Api.Get("/info");
        var root = answer.RootElement;
        if (_format.Value is { } format)
        {
            context.Out.WriteLine(format == "json" ? root.GetRawText() : Template.Parse(format).Render(TemplateData.From(root)));
            return 0;
        }
        List<(string Name, string Value)> lines =
        [
            ("Containers", $"{root.Number("Containers")} ({root.Number("ContainersRunning")} running, {root.Number("ContainersPaused")} paused, {root.Number("ContainersStopped")} stopped)"),
            ("Images", Count("Images")),
            ("Server Version", root.Text("ServerVersion")),
            ("Storage Driver", root.Text("Driver")),
            ("Logging Driver", root.Text("LoggingDriver")),
            ("Cgroup Driver", root.Text("CgroupDriver")),
            ("Cgroup Version", root.Text("CgroupVersion")),
            ("Runtimes", string.Join(' ', root.Map("Runtimes").Select(runtime => runtime.Key))),
            ("Default Runtime", root.Text("DefaultRuntime")),
            ("Security Options", string.Join(", ", root.Texts("SecurityOptions"))),
            ("Kernel Version", root.Text("KernelVersion")),
            ("Operating System", root.Text("OperatingSystem")),
            ("Architecture", root.Text("Architecture")),
            ("CPUs", Count("NCPU")),
            ("Total Memory", ByteText.Binary(root.Number("MemTotal"))),
            ("Name", root.Text("Name")),
            ("ID", root.Text("ID")),
            ("Root Directory", root.Text("DockerRootDir")),
        ];
        foreach (var (name, value) in lines.Where(line => line.Value.Length > 0))
        {
            context.Out.WriteLine($"{context.Colors.Bold(name + ":")} {value}");
        }
        foreach (var warning in root.Texts("Warnings"))
        {
            context.Error.WriteLine($"{context.ErrorColors.Yellow("WARNING:")} {warning}");
        }
        return 0;

        string Count(string name) => root.Number(name).ToString(CultureInfo.InvariantCulture);
    }
}
