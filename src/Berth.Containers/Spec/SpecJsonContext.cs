using System.Text.Json.Serialization;

namespace Berth.Containers.Spec;

/// <summary>Source-generated JSON of the specification's types.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    MaxDepth = 32)]
[JsonSerializable(typeof(RuntimeSpec))]
[JsonSerializable(typeof(ProcessSpec))]
[JsonSerializable(typeof(LinuxResources))]
[JsonSerializable(typeof(SeccompSpec))]
public sealed partial class SpecJsonContext : JsonSerializerContext;
