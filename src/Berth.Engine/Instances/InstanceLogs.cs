using System.Runtime.CompilerServices;
using Berth.Containers.Logs;
using ContainerLogEntry = Berth.Containers.Logs.LogEntry;

namespace Berth.Engine.Instances;

/// <summary>Reads what the supervisor logged.</summary>
internal static class InstanceLogs
{
    public static async IAsyncEnumerable<LogEntry> ReadAsync(
        EngineContext context, Instance instance, LogOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var read = new LogReadOptions
        {
            Stdout = options.Stdout,
            Stderr = options.Stderr,
            Follow = options.Follow && instance.State.IsRunning,
            Since = options.Since,
            Until = options.Until,
            Tail = options.Tail,
            Clock = context.Clock,
        };
        await foreach (ContainerLogEntry entry in LogReader.ReadAsync(context.Paths.Logs(instance.Id), read, cancellationToken))
            yield return new LogEntry(DateTimeOffset.UnixEpoch.AddTicks(entry.UnixNanoseconds / 100), (byte)entry.Stream, entry.Partial, entry.Text);
    }
}
