using System.Text.Json;
using System.Text.Json.Serialization;
using Berth.Engine.Configuration;
using Berth.Engine.Events;
using Berth.Engine.Execs;
using Berth.Engine.Host;
using Berth.Engine.Instances;
using Berth.Engine.Machines;
using Berth.Engine.Networks;
using Berth.Engine.Volumes;

namespace Berth.Engine;

/// <summary>JSON of every record that the Docker API and the state store know; names are read without regard to case, as Go does.</summary>
[JsonSourceGenerationOptions(PropertyNameCaseInsensitive = true, MaxDepth = 32)]
[JsonSerializable(typeof(CreateBody))]
[JsonSerializable(typeof(CreateResult))]
[JsonSerializable(typeof(InstanceConfig))]
[JsonSerializable(typeof(HostConfig))]
[JsonSerializable(typeof(NetworkingConfig))]
[JsonSerializable(typeof(UpdateConfig))]
[JsonSerializable(typeof(UpdateResult))]
[JsonSerializable(typeof(InstanceInspect))]
[JsonSerializable(typeof(IReadOnlyList<InstanceSummary>))]
[JsonSerializable(typeof(TopResult))]
[JsonSerializable(typeof(WaitResult))]
[JsonSerializable(typeof(IReadOnlyList<FilesystemChange>))]
[JsonSerializable(typeof(PruneResult))]
[JsonSerializable(typeof(PathStat))]
[JsonSerializable(typeof(InstanceStats))]
[JsonSerializable(typeof(ExecConfig))]
[JsonSerializable(typeof(ExecCreated))]
[JsonSerializable(typeof(ExecStartOptions))]
[JsonSerializable(typeof(ExecInspect))]
[JsonSerializable(typeof(VolumeView))]
[JsonSerializable(typeof(VolumeList))]
[JsonSerializable(typeof(VolumeCreateRequest))]
[JsonSerializable(typeof(VolumePruneResult))]
[JsonSerializable(typeof(NetworkView))]
[JsonSerializable(typeof(IReadOnlyList<NetworkView>))]
[JsonSerializable(typeof(NetworkCreateRequest))]
[JsonSerializable(typeof(NetworkCreateResult))]
[JsonSerializable(typeof(NetworkConnectRequest))]
[JsonSerializable(typeof(NetworkDisconnectRequest))]
[JsonSerializable(typeof(NetworkPruneResult))]
[JsonSerializable(typeof(EngineEvent))]
[JsonSerializable(typeof(VersionInfo))]
[JsonSerializable(typeof(HostInfo))]
[JsonSerializable(typeof(DiskUsage))]
[JsonSerializable(typeof(KernelView))]
[JsonSerializable(typeof(IReadOnlyList<KernelView>))]
[JsonSerializable(typeof(IReadOnlyList<string>))]
[JsonSerializable(typeof(IReadOnlyList<Ulimit>))]
public sealed partial class EngineJson : JsonSerializerContext
{
    /// <summary>The context that requests are read and answers written with: text outside ASCII is not escaped.</summary>
    public static EngineJson Wire { get; } = new(new JsonSerializerOptions
    {
        PropertyNameCaseInsensitive = true,
        MaxDepth = 32,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
