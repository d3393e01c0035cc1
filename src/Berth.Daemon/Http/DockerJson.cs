using System.Text.Json.Serialization;

namespace Berth.Daemon.Http;

/// <summary>JSON of answers that only the API layer knows, with Docker's capitalised names.</summary>
[JsonSerializable(typeof(IdAnswer))]
[JsonSerializable(typeof(NetworkView))]
[JsonSerializable(typeof(IReadOnlyList<NetworkView>))]
internal sealed partial class DockerJson : JsonSerializerContext;
