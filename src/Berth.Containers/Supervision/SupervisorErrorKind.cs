using System.Text.Json.Serialization;

namespace Berth.Containers.Supervision;

/// <summary>Why the supervisor refused.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<SupervisorErrorKind>))]
public enum SupervisorErrorKind
{
    /// <summary>The process could not be started; the exit code says how far it came.</summary>
    StartFailed,

    /// <summary>No such container or process.</summary>
    NotFound,

    /// <summary>Already there, or not in a state that allows it.</summary>
    Conflict,

    /// <summary>The request itself is wrong.</summary>
    Invalid,

    /// <summary>The supervisor does not answer.</summary>
    Unavailable,

    /// <summary>The host failed it.</summary>
    System,
}
