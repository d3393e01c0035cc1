using System.Text.Json;
using System.Text.Json.Nodes;
using Berth.Cli.Api;
using Berth.Cli.CommandLine;
using Berth.Cli.Output;
using Berth.Cli.Parsing;
using Berth.Compose.Planning;

namespace Berth.Cli.Compose.Verbs;

/// <summary><c>berth compose events</c>.</summary>
internal sealed class ComposeEventsVerb(ComposeFlags flags) : ComposeCommand(flags)
{
    private readonly BoolFlag _json = new("json", "JSON objects, one a line");
    private readonly TextFlag _since = new("since", "TIME", "Events since a time (10m, Unix seconds or a date)");
    private readonly TextFlag _until = new("until", "TIME", "Events until a time; then it ends");

    public override string Usage => "[OPTIONS] [SERVICE...]";

    public override IReadOnlyList<string> Examples => ["compose events", "compose events --json web"];

    public override Flag[] Flags => [_json, _since, _until];

    protected override int Run(ComposeSession session, IReadOnlyList<string> arguments)
    {
        var (_, name) = session.LoadIfAny(arguments);
        var now = TimeProvider.System.GetUtcNow();
        using var exchange = ProjectEvents.Open(session.Context.Api, name, TimeArgument.ToUnix(_since.Value, now), TimeArgument.ToUnix(_until.Value, now));
        foreach (var message in JsonMessages.Read(exchange.Body))
        {
            using (message)
            {
                var item = message.RootElement;
                var service = ProjectEvents.Attribute(item, ComposeLabels.Service);
                if (arguments.Count == 0 || arguments.Contains(service))
                {
                    session.Context.Out.WriteLine(_json.Value ? Json(item, service) : Line(item));
                    session.Context.Flush();
                }
            }
        }
        return 0;
    }

    private static string Json(JsonElement item, string service) => new JsonObject
    {
        ["action"] = item.Text("Action"),
        ["attributes"] = new JsonObject(Attributes(item).Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)pair.Value))),
        ["id"] = item.Field("Actor").Text("ID"),
        ["service"] = service,
        ["time"] = TimeText.Precise(item.Number("timeNano")),
        ["type"] = item.Text("Type"),
    }.ToJsonString();

    private static string Line(JsonElement item) =>
        $"{TimeText.Precise(item.Number("timeNano"))} {item.Text("Type")} {item.Text("Action")} {item.Field("Actor").Text("ID")} ({string.Join(", ", Attributes(item).Select(pair => $"{pair.Key}={pair.Value}"))})";

    // The labels of compose itself say what the line says already.
    private static IEnumerable<KeyValuePair<string, string>> Attributes(JsonElement item) =>
        item.Field("Actor").Map("Attributes").Where(pair => !pair.Key.StartsWith("com.docker.compose.", StringComparison.Ordinal)).OrderBy(pair => pair.Key, StringComparer.Ordinal);
}
