using System.Text.Json.Serialization;

namespace Berth.Oci.State;

/// <summary>Source-generated JSON of what is kept and told.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(ContainerRecord))]
[JsonSerializable(typeof(StateReport))]
[JsonSerializable(typeof(IReadOnlyList<StateReport>))]
[JsonSerializable(typeof(int[]))]
internal sealed partial class StateJson : JsonSerializerContext;
