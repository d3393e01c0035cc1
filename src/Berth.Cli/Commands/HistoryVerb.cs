using System.Globalization;
using Berth.Cli.CommandLine;
using Berth.Cli.Images;
using Berth.Cli.Output;
using Berth.Cli.Templates;

namespace Berth.Cli.Commands;

/// <summary><c>berth history</c>.</summary>
internal sealed class HistoryVerb : Verb
{
    private static readonly Column[] s_columns =
        [new("IMAGE", "ID"), new("CREATED", "CreatedSince"), new("CREATED BY", "CreatedBy"), new("SIZE", "Size"), new("COMMENT", "Comment")];

    private readonly ListFlags _list = new();

    public override string Usage => "[OPTIONS] IMAGE";

    public override IReadOnlyList<string> Examples => ["history --no-trunc busybox"];

    public override Flag[] Flags => _list.All();

    public override int MinimumArguments => 1;

    public override int MaximumArguments => 1;

    public override CompletionSource Completes => CompletionSource.Images;

    public override int Run(CommandContext context, IReadOnlyList<string> arguments)
    {
        using var answer = context.Api.Get($"{ImageNames.Path(arguments[0])}/history");
        if (_list.Raw)
        {
            context.Out.WriteLine(TemplateData.Indent(answer.RootElement));
            return 0;
        }
        var now = TimeProvider.System.GetUtcNow();
        List<Row> rows = [];
        foreach (var layer in answer.RootElement.EnumerateArray())
        {
            var id = layer.Text("Id");
            var by = layer.Text("CreatedBy").Replace('\t', ' ').Trim();
            rows.Add(new Row
            {
                ["ID"] = id.Length == 0 ? "<missing>" : _list.NoTrunc.Value ? id : Ids.Short(id),
                ["CreatedSince"] = AgoText.Since(layer.Number("Created"), now),
                ["CreatedAt"] = DateTimeOffset.FromUnixTimeSeconds(layer.Number("Created")).ToString("yyyy-MM-ddTHH:mm:sszzz", CultureInfo.InvariantCulture),
                ["CreatedBy"] = _list.NoTrunc.Value ? by : Ids.Ellipsis(by, 45),
                ["Size"] = ByteText.Decimal(layer.Number("Size"), 3),
                ["Comment"] = layer.Text("Comment"),
            });
        }
        _list.Print(context, s_columns, "ID", rows);
        return 0;
    }
}
