using System.Text.Json.Serialization;

namespace Berth.Containers.Spec;

/// <summary>Outcome of a filter rule; see seccomp(2).</summary>
[JsonConverter(typeof(JsonStringEnumConverter<SeccompAction>))]
public enum SeccompAction
{
    [JsonStringEnumMemberName("SCMP_ACT_KILL")]
    Kill,

    [JsonStringEnumMemberName("SCMP_ACT_KILL_PROCESS")]
    KillProcess,

    [JsonStringEnumMemberName("SCMP_ACT_KILL_THREAD")]
    KillThread,

    [JsonStringEnumMemberName("SCMP_ACT_TRAP")]
    Trap,

    [JsonStringEnumMemberName("SCMP_ACT_ERRNO")]
    Errno,

    [JsonStringEnumMemberName("SCMP_ACT_TRACE")]
    Trace,

    [JsonStringEnumMemberName("SCMP_ACT_ALLOW")]
    Allow,

    [JsonStringEnumMemberName("SCMP_ACT_LOG")]
    Log,

    [JsonStringEnumMemberName("SCMP_ACT_NOTIFY")]
    Notify,
}
