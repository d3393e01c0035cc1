using System.Text.Json;
using Berth.Cli.CommandLine;
using Berth.Cli.Terminal;
using Berth.Containers.Host;

namespace Berth.Cli.Commands;

/// <summary>
/// <c>berth doctor</c>: what this host offers. It looks by itself, without the daemon: most needed where that does not start.
/// Ends with 1 only when containers cannot run. No other verb loads the assembly with the probes.
/// </summary>
internal sealed class DoctorVerb : Verb
{
    private readonly TextFlag _output = new("output", 'o', "json|table", "JSON instead of a table");

    public override string Usage => "[OPTIONS]";

    public override IReadOnlyList<string> Examples => ["doctor", "doctor -o json"];

    public override Flag[] Flags => [_output];

    public override int MaximumArguments => 0;

    public override int Run(CommandContext context, IReadOnlyList<string> arguments)
    {
        if (_output.Value is not (null or "json" or "table"))
        {
            throw new UsageException($"--output is json or table, not \"{_output.Value}\"");
        }
        var report = HostReport.Make(context.Paths.DataRoot);
        if (_output.Value == "json")
        {
            context.Out.WriteLine(JsonSerializer.Serialize(report, HostReportJson.Default.HostReport));
        }
        else
        {
            Print(context, report);
        }
        return report.CanRunContainers ? 0 : 1;
    }

    // The remedy stands below what it mends: beside it, lines would be too long for any terminal.
    private static void Print(CommandContext context, HostReport report)
    {
        var colors = context.Colors;
        var width = report.Features.Max(feature => feature.Name.Length);
        context.Out.WriteLine(colors.Bold($"STATUS    {"FEATURE".PadRight(width)}  REASON"));
        foreach (var feature in report.Features)
        {
            context.Out.WriteLine($"{Mark(feature, colors)}  {feature.Name.PadRight(width)}  {feature.Reason}");
            if (feature.Status != FeatureStatus.Available && feature.Remedy is { } remedy)
            {
                context.Out.WriteLine($"          {new string(' ', width)}  {colors.Dim("→ " + remedy)}");
            }
        }
        var missing = report.Features.Where(feature => feature.Required && feature.Status == FeatureStatus.Missing).Select(feature => feature.Name).ToList();
        context.Out.WriteLine();
        context.Out.WriteLine(report.CanRunContainers ? colors.Green("Containers can run on this host.") : colors.Red($"Containers cannot run here: {string.Join(", ", missing)}."));
    }

    private static string Mark(HostFeature feature, Palette colors) => feature.Status switch
    {
        FeatureStatus.Available => colors.Green("ok      "),
        FeatureStatus.Limited => colors.Yellow("limited "),
        _ when feature.Required => colors.Red("MISSING "),
        _ => colors.Yellow("absent  "),
    };
}
