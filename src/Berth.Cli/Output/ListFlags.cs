using Berth.Cli.CommandLine;
using Berth.Cli.Templates;

namespace Berth.Cli.Output;

/// <summary>How a list is printed: <c>--format</c>, <c>-o json|table</c>, <c>--quiet</c>, <c>--no-trunc</c>.</summary>
internal sealed class ListFlags
{
    private readonly TextFlag _format = new("format", "FORMAT", "table, json, a template as '{{.ID}} {{.Names}}', or 'table {{.ID}}\\t{{.Names}}'");
    private readonly TextFlag _output = new("output", 'o', "json|table", "The daemon's whole answer as JSON, or a table");

    /// <summary>Only the identifying column.</summary>
    public BoolFlag Quiet { get; } = new("quiet", 'q', "Only the ids or names");

    /// <summary>Do not shorten.</summary>
    public BoolFlag NoTrunc { get; } = new("no-trunc", "Do not shorten ids and commands");

    /// <summary>The flags, without --no-trunc for lists that shorten nothing.</summary>
    public Flag[] All(bool truncates = true) => truncates ? [_format, _output, Quiet, NoTrunc] : [_format, _output, Quiet];

    /// <summary>True when the daemon's answer itself is wanted.</summary>
    public bool Raw => _output.Value switch
    {
        null or "table" => false,
        "json" => true,
        _ => throw new UsageException($"invalid value \"{_output.Value}\" for --output: use json or table"),
    };

    /// <summary>Prints <paramref name="rows"/>; <paramref name="columns"/> are the default table's, <paramref name="key"/> the column of <c>--quiet</c>.</summary>
    public void Print(CommandContext context, IReadOnlyList<Column> columns, string key, IReadOnlyList<Row> rows)
    {
        if (Quiet.Value && _format.Value is null)
        {
            foreach (var row in rows)
            {
                context.Out.WriteLine(row.Text(key));
            }
            return;
        }
        var format = _format.Value ?? "table";
        if (format == "json")
        {
            format = "{{json .}}";
        }
        if (format == "table")
        {
            List<IReadOnlyList<string>> cells = [[.. columns.Select(column => context.Colors.Bold(column.Heading))]];
            cells[0] = [.. columns.Select(column => column.Heading)];
            cells.AddRange(rows.Select(row => (IReadOnlyList<string>)[.. columns.Select(column => row.Text(column.Field))]));
            Table.Write(context.Out, cells);
            return;
        }
        PrintTemplate(context, format, columns, rows);
    }

    private static void PrintTemplate(CommandContext context, string format, IReadOnlyList<Column> columns, IReadOnlyList<Row> rows)
    {
        var asTable = format.StartsWith("table ", StringComparison.Ordinal);
        var template = Template.Parse((asTable ? format[6..] : format).Replace("\\t", "\t", StringComparison.Ordinal).Replace("\\n", "\n", StringComparison.Ordinal));
        if (!asTable)
        {
            foreach (var row in rows)
            {
                context.Out.WriteLine(template.Render(row.Fields));
            }
            return;
        }
        var headings = rows.SelectMany(row => row.Fields.Keys).Distinct().ToDictionary(field => field, field => (object?)Column.HeadingOf(field, columns), StringComparer.Ordinal);
        foreach (var column in columns)
        {
            headings[column.Field] = column.Heading;
        }
        List<IReadOnlyList<string>> cells = [template.Render(headings).Split('\t')];
        cells.AddRange(rows.Select(row => (IReadOnlyList<string>)template.Render(row.Fields).Split('\t')));
        Table.Write(context.Out, cells);
    }
}
