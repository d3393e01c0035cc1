using System.Text.Json;
using Berth.Cli.Api;
using Berth.Cli.CommandLine;
using Berth.Cli.Output;
using Berth.Cli.Parsing;
using Berth.Cli.Templates;

namespace Berth.Cli.Commands;

/// <summary><c>berth events</c>.</summary>
internal sealed class EventsVerb : Verb
{
    private readonly TextFlag _since = new("since", "TIME", "Events since a time (10m, Unix seconds or a date)");
    private readonly TextFlag _until = new("until", "TIME", "Events until a time; then it ends");
    private readonly ListFlag _filter = new("filter", 'f', "NAME=VALUE", "Only matching ones: type, event, container, image, label");
    private readonly TextFlag _format = new("format", "FORMAT", "json, or a template as '{{.Type}} {{.Action}}'");

    public override string Usage => "[OPTIONS]";

    public override IReadOnlyList<string> Examples => ["events --since 10m --filter type=container", "events --format '{{.Action}} {{.Actor.ID}}'"];

    public override Flag[] Flags => [_since, _until, _filter, _format];

    public override int MaximumArguments => 0;

    public override int Run(CommandContext context, IReadOnlyList<string> arguments)
    {
        var now = TimeProvider.System.GetUtcNow();
        var template = _format.Value is null or "json" ? null : Template.Parse(_format.Value);
        using var exchange = context.Api.Send("GET", new Query("/events").Add("since", TimeArgument.ToUnix(_since.Value, now))
            .Add("until", TimeArgument.ToUnix(_until.Value, now)).Add("filters", Filters.ToJson(_filter.Values)).ToString());
        foreach (var message in JsonMessages.Read(exchange.Body))
        {
            using (message)
            {
                var root = message.RootElement;
                context.Out.WriteLine(template is not null ? template.Render(TemplateData.From(root)) : _format.Value == "json" ? root.GetRawText() : Line(root));
                context.Flush();
            }
        }
        return 0;
    }

    private static string Line(JsonElement item)
    {
        var nanoseconds = item.Number("timeNano");
        var attributes = string.Join(", ", item.Field("Actor").Map("Attributes").OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"{pair.Key}={pair.Value}"));
        return $"{TimeText.Precise(nanoseconds > 0 ? nanoseconds : item.Number("time") * 1_000_000_000)} {item.Text("Type")} {item.Text("Action")} {item.Field("Actor").Text("ID")}{(attributes.Length > 0 ? $" ({attributes})" : "")}";
    }
}
