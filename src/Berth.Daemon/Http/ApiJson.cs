using System.Text.Json.Serialization;
using Berth.Engine.Instances;

namespace Berth.Daemon.Http;

/// <summary>JSON of the API layer's own bodies, with lower-case names.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ErrorBody))]
[JsonSerializable(typeof(PathStat))]
internal sealed partial class ApiJson : JsonSerializerContext;
