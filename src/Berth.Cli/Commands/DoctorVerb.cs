using System.Text.Json;
using Berth.Cli.CommandLine;
using Berth.Cli.Output;
using Berth.Cli.Templates;

namespace Berth.Cli.Commands;

/// <summary><c>berth doctor</c>: what this host offers. Ends with 1 only when containers cannot run.</summary>
internal sealed class DoctorVerb : Verb
{
    private readonly TextFlag _output = new("output", 'o', "json|table", "JSON instead of a table");

    public override string Usage => "[OPTIONS]";

    public override IReadOnlyList<string> Examples => ["doctor", "doctor -o json"];

    public override IReadOnlyList<Flag> Flags => [_output];

    public override int MaximumArguments => 0;

    public override int Run(CommandContext context, IReadOnlyList<string> arguments)
    {
        using var answer = context.Api.Get("/berth/doctor");
        var root = answer.RootElement;
        if (_output.Value == "json")
        {
            context.Out.WriteLine(TemplateData.Indent(root));
        }
        else
        {
            Print(context, root);
        }
        return Features(root).Any(feature => feature.Flag("Required") && !feature.Flag("Available")) ? 1 : 0;
    }

    private static IEnumerable<JsonElement> Features(JsonElement root) =>
        root.ValueKind == JsonValueKind.Array ? root.EnumerateArray() : root.Items("Features");

    private static void Print(CommandContext context, JsonElement root)
    {
        var colors = context.Colors;
        var missingRequired = 0;
        foreach (var feature in Features(root))
        {
            var available = feature.Flag("Available");
            var required = feature.Flag("Required");
            var mark = available ? colors.Green("ok     ") : required ? colors.Red("MISSING") : colors.Yellow("absent ");
            missingRequired += required && !available ? 1 : 0;
            var detail = feature.Text("Detail");
            context.Out.WriteLine($"{mark}  {feature.Text("Name")}{(detail.Length > 0 ? $": {detail}" : "")}");
            if (!available && feature.Text("Remedy") is { Length: > 0 } remedy)
            {
                context.Out.WriteLine($"         {colors.Dim(remedy)}");
            }
        }
        context.Out.WriteLine();
        context.Out.WriteLine(missingRequired == 0 ? colors.Green("Containers can run on this host.") : colors.Red($"Containers cannot run: {missingRequired} required features are missing."));
    }
}
