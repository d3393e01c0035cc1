using System.Text.Json.Serialization;

namespace Berth.Containers.Supervision;

/// <summary>Descriptors whose loss would hurt a workload, so the daemon holds a second one of each.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<KeptDescriptorKind>))]
internal enum KeptDescriptorKind
{
    /// <summary>Master side of the terminal: its loss hangs the terminal up.</summary>
    Console,

    /// <summary>Writing end of standard input: its loss is end of file.</summary>
    Stdin,

    /// <summary>The pidfd: while one is open the kernel remembers the exit code.</summary>
    Process,

    /// <summary>Reading end of standard output: while it is open the pipe keeps what a process wrote before it ended.</summary>
    Stdout,

    /// <summary>The same for standard error.</summary>
    Stderr,
}
