using System.Text.Json.Serialization;

namespace Berth.Containers.Supervision;

/// <summary>Source-generated JSON of the messages between engine and supervisor and of the state files.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    MaxDepth = 32)]
[JsonSerializable(typeof(SupervisorRequest))]
[JsonSerializable(typeof(SupervisorResponse))]
[JsonSerializable(typeof(ProcessState))]
internal sealed partial class SupervisionJson : JsonSerializerContext;
