using System.Text.Json;
using Berth.Cli.Api;
using Berth.Cli.Output;
using Berth.Compose.Planning;

namespace Berth.Cli.Compose;

/// <summary>What happens to the containers of a project, as the daemon tells it.</summary>
internal static class ProjectEvents
{
    /// <summary>Opens the stream of events; the caller disposes it.</summary>
    public static Exchange Open(ApiClient client, string project, string? since = null, string? until = null) =>
        client.Send("GET", new Query("/events").Add("since", since).Add("until", until)
            .Add("filters", Filters.ToJson(["type=container", $"label={ComposeLabels.Project}={project}"])).ToString());

    /// <summary>An attribute of an event's container.</summary>
    public static string Attribute(JsonElement item, string name) => item.Field("Actor").Field("Attributes").Text(name);
}
