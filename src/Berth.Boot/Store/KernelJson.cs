using System.Text.Json.Serialization;

namespace Berth.Boot.Store;

[JsonSerializable(typeof(KernelEntry))]
[JsonSourceGenerationOptions(WriteIndented = true)]
internal sealed partial class KernelJson : JsonSerializerContext;
