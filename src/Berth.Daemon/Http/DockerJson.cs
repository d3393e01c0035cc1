using System.Text.Json;
using System.Text.Json.Serialization;

namespace Berth.Daemon.Http;

/// <summary>JSON of answers that only the API layer knows, with Docker's capitalised names.</summary>
[JsonSerializable(typeof(IdAnswer))]
[JsonSerializable(typeof(IReadOnlyList<ImageSummaryView>))]
[JsonSerializable(typeof(ImageInspectView))]
[JsonSerializable(typeof(IReadOnlyList<ImageHistoryView>))]
[JsonSerializable(typeof(IReadOnlyList<ImageRemovalView>))]
[JsonSerializable(typeof(LoginAnswer))]
[JsonSerializable(typeof(ImagesPrunedView))]
[JsonSerializable(typeof(DiskUsageView))]
[JsonSerializable(typeof(CachePrunedView))]
[JsonSerializable(typeof(Dictionary<string, string>))]
internal sealed partial class DockerJson : JsonSerializerContext
{
    /// <summary>The context that answers are written with: text outside ASCII is not escaped.</summary>
    public static DockerJson Wire { get; } = new(new JsonSerializerOptions
    {
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
