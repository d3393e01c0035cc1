using Berth.Cli.CommandLine;
using Berth.Cli.Output;
using Berth.Cli.Templates;

namespace Berth.Cli.Commands;

/// <summary><c>berth kernel ls</c>.</summary>
internal sealed class KernelListVerb : Verb
{
    private static readonly Column[] s_columns = [new("NAME", "Name"), new("RELEASE", "Release"), new("FORMAT", "Format"), new("SIZE", "Size"), new("SOURCE", "Source")];

    private readonly ListFlags _list = new();

    public override string Usage => "[OPTIONS]";

    public override IReadOnlyList<string> Examples => ["kernel ls", "kernel ls --format '{{.Name}}: {{.Sha256}}'"];

    public override Flag[] Flags => _list.All(truncates: false);

    public override int MaximumArguments => 0;

    public override int Run(CommandContext context, IReadOnlyList<string> arguments)
    {
        using var answer = context.Api.Get("/berth/kernels");
        if (_list.Raw)
        {
            context.Out.WriteLine(TemplateData.Indent(answer.RootElement));
            return 0;
        }
        var rows = answer.RootElement.EnumerateArray().Select(kernel => new Row
        {
            ["Name"] = kernel.Text("Name"),
            ["Release"] = kernel.Text("Version"),
            ["Format"] = kernel.Text("Format"),
            ["Size"] = ByteText.Decimal(kernel.Number("Size"), 3),
            ["Source"] = kernel.Text("Source"),
            ["Sha256"] = kernel.Text("Sha256"),
            ["Added"] = kernel.Text("Added"),
            ["Default"] = kernel.Flag("Default") ? "true" : "false",
        }).ToList();
        _list.Print(context, s_columns, "Name", rows);
        return 0;
    }
}
