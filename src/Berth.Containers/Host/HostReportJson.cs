using System.Text.Json.Serialization;

namespace Berth.Containers.Host;

/// <summary>The report as JSON.</summary>
[JsonSourceGenerationOptions(UseStringEnumConverter = true, WriteIndented = true)]
[JsonSerializable(typeof(HostReport))]
[JsonSerializable(typeof(KvmVerdict))]
public sealed partial class HostReportJson : JsonSerializerContext;
