using System.Globalization;
using System.Text.Json.Nodes;
using Berth.Compose.Model;
using Berth.Compose.Planning;

namespace Berth.Compose.Running;

/// <summary>Asks the engine what is there.</summary>
public sealed class StateReader(IEngine engine)
{
    /// <summary>Containers of a project, all networks, all volumes.</summary>
    public FoundState Read(string project) => new(
        Containers(project),
        [.. engine.Call("GET", "/networks").Items().Select(network => new FoundNetwork(network.Text("Id"), network.Text("Name"), Label(network, ComposeLabels.Project), Label(network, ComposeLabels.Hash)))],
        [.. engine.Call("GET", "/volumes").Field("Volumes").Items().Select(volume => new FoundVolume(volume.Text("Name"), Label(volume, ComposeLabels.Project), Label(volume, ComposeLabels.Hash)))]);

    /// <summary>Containers of a project, running or not, also those of <c>run</c>.</summary>
    public IReadOnlyList<FoundContainer> Containers(string project) => [.. List(project).Select(Container)];

    /// <summary>The engine's list of a project's containers.</summary>
    public IReadOnlyList<JsonNode> List(string? project)
    {
        JsonObject filters = new() { ["label"] = new JsonArray(project is null ? ComposeLabels.Project : $"{ComposeLabels.Project}={project}") };
        return [.. engine.Call("GET", $"/containers/json?all=1&filters={Uri.EscapeDataString(filters.ToJsonString())}").Items().OfType<JsonNode>().OrderBy(one => Label(one, ComposeLabels.Service), StringComparer.Ordinal).ThenBy(NumberOf)];
    }

    /// <summary>A container of the engine's list.</summary>
    public static FoundContainer Container(JsonNode item) => new(item.Text("Id"), NameOf(item), Label(item, ComposeLabels.Service), NumberOf(item))
    {
        State = item.Text("State"),
        OneOff = Label(item, ComposeLabels.OneOff) == "True",
        Hash = Label(item, ComposeLabels.Hash),
        ImageId = item.Text("ImageID"),
        Image = item.Text("Image"),
        Anonymous = [.. item.Field("Mounts").Items().Where(IsAnonymous).Select(mount => new AnonymousVolume(mount.Text("Name"), mount.Text("Destination")))],
        DependsOn = [.. Label(item, ComposeLabels.DependsOn).Split(',', StringSplitOptions.RemoveEmptyEntries).Select(text => new Dependency(text.Split(':')[0], DependencyCondition.Started))],
    };

    /// <summary>A label; empty when there is none.</summary>
    public static string Label(JsonNode? item, string name) => item.Field("Labels").Text(name);

    private static int NumberOf(JsonNode item) => int.TryParse(Label(item, ComposeLabels.Number), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;

    private static string NameOf(JsonNode item) => item.Field("Names").Items().OfType<JsonValue>().Select(name => name.GetValue<string>().TrimStart('/')).FirstOrDefault("");

    // Engines name such volumes by 64 hexadecimal digits.
    private static bool IsAnonymous(JsonNode? mount) => mount.Text("Type") == "volume" && mount.Text("Name") is { Length: 64 } name && name.All(char.IsAsciiHexDigitLower);
}
