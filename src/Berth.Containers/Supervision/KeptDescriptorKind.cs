using System.Text.Json.Serialization;

namespace Berth.Containers.Supervision;

/// <summary>A descriptor whose loss would hurt a workload, so the daemon holds a second one.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<KeptDescriptorKind>))]
internal enum KeptDescriptorKind
{
    /// <summary>Master side of the terminal: its loss hangs the terminal up.</summary>
    Console,

    /// <summary>Writing end of standard input: its loss is end of file.</summary>
    Stdin,
}
