using System.Text.Json.Serialization;

namespace Berth.Containers.Supervision;

/// <summary>The calls the supervisor serves.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<SupervisorOperation>))]
internal enum SupervisorOperation
{
    None,
    Ping,
    Start,
    Exec,
    Signal,
    Resize,
    CloseStdin,
    Attach,
    List,
    Watch,
    Return,
    Forget,
    Shutdown,
}
