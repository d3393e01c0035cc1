using System.Text.Json;
using System.Text.Json.Serialization;
using Berth.Engine.Instances;

namespace Berth.Daemon.Http;

/// <summary>JSON of the API layer's own bodies, with lower-case names.</summary>
[JsonSerializable(typeof(ErrorBody))]
[JsonSerializable(typeof(PathStat))]
[JsonSerializable(typeof(ProgressLine))]
[JsonSerializable(typeof(BerthPing))]
internal sealed partial class ApiJson : JsonSerializerContext
{
    /// <summary>The context that answers are written with: quotes and text outside ASCII stay readable.</summary>
    public static ApiJson Wire { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
