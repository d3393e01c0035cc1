using System.Text.Json.Serialization;

namespace Berth.Vmm.Control;

/// <summary>Source-generated JSON of the machine's configuration and of the control socket's lines.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    MaxDepth = 16)]
[JsonSerializable(typeof(MachineConfig))]
[JsonSerializable(typeof(WorkloadConfig))]
[JsonSerializable(typeof(ControlRequest))]
[JsonSerializable(typeof(ControlReply))]
public sealed partial class ControlJson : JsonSerializerContext;
