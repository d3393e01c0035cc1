using System.Text.Json.Serialization;

namespace Berth.Engine.State;

/// <summary>JSON of what the store keeps in its columns.</summary>
[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault, UseStringEnumConverter = true)]
[JsonSerializable(typeof(InstanceDefinition))]
[JsonSerializable(typeof(InstanceState))]
[JsonSerializable(typeof(VolumeRow))]
[JsonSerializable(typeof(NetworkRow))]
[JsonSerializable(typeof(AttachmentRow))]
internal sealed partial class StateJson : JsonSerializerContext;
