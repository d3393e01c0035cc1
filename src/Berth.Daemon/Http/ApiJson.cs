using System.Text.Json.Serialization;

namespace Berth.Daemon.Http;

/// <summary>JSON of the API layer's own bodies.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ErrorBody))]
internal sealed partial class ApiJson : JsonSerializerContext;
