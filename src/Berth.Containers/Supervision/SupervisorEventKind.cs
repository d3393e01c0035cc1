using System.Text.Json.Serialization;

namespace Berth.Containers.Supervision;

/// <summary>What a <see cref="SupervisorEvent"/> tells.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<SupervisorEventKind>))]
public enum SupervisorEventKind
{
    /// <summary>A process ended; all its output is in the log and on its way to attached clients.</summary>
    Exited,

    /// <summary>Every process that ended earlier and is not forgotten has been told; what follows is new.</summary>
    Replayed,
}
