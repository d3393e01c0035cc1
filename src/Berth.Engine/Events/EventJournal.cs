using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace Berth.Engine.Events;

/// <summary>What happened lately, and a live feed of what happens. Keeps the last 1024 events in memory.</summary>
public sealed class EventJournal(TimeProvider clock)
{
    private const int Kept = 1024;
    private const int QueueLength = 4096;
    private static readonly string[] KnownFilters =
        ["type", "event", "container", "image", "volume", "network", "daemon", "label", "scope", "plugin", "node", "service", "secret", "config"];

    private readonly Lock _lock = new();
    private readonly Queue<EngineEvent> _recent = new(Kept);
    private readonly List<Channel<EngineEvent>> _listeners = [];

    /// <summary>Number of live listeners.</summary>
    public int Listeners
    {
        get
        {
            lock (_lock)
                return _listeners.Count;
        }
    }

    /// <summary>Records an event and hands it to every listener. A listener that does not keep up loses its oldest events.</summary>
    public void Publish(string type, string action, string id, IReadOnlyDictionary<string, string> attributes)
    {
        bool legacy = type is "container" or "image";
        lock (_lock)
        {
            long nanoseconds = DockerTime.UnixNanoseconds(clock.GetUtcNow());
            var happened = new EngineEvent
            {
                Status = legacy ? action : null,
                Id = legacy ? id : null,
                From = type == "container" ? attributes.GetValueOrDefault("image") : null,
                Type = type,
                Action = action,
                Actor = new EventActor { ID = id, Attributes = attributes },
                Time = nanoseconds / 1_000_000_000,
                TimeNano = nanoseconds,
            };
            if (_recent.Count == Kept)
                _recent.Dequeue();
            _recent.Enqueue(happened);
            foreach (Channel<EngineEvent> listener in _listeners)
                listener.Writer.TryWrite(happened);
        }
    }

    /// <summary>
    /// Past events from <paramref name="since"/> on, then live ones, until <paramref name="until"/>. Listening begins with this call, not
    /// with the first read. Unknown filters are an InvalidParameter, thrown by this call.
    /// </summary>
    public IAsyncEnumerable<EngineEvent> Listen(DateTimeOffset? since, DateTimeOffset? until, FilterSet filters, CancellationToken cancellationToken)
    {
        filters.Allow(KnownFilters);
        var channel = Channel.CreateBounded<EngineEvent>(new BoundedChannelOptions(QueueLength) { FullMode = BoundedChannelFullMode.DropOldest });
        lock (_lock)
        {
            if (since is not null || until is not null)
            {
                long from = since is { } s ? DockerTime.UnixNanoseconds(s) : 0;
                foreach (EngineEvent past in _recent)
                {
                    if (past.TimeNano >= from)
                        channel.Writer.TryWrite(past);
                }
            }
            if (until is { } end && end <= clock.GetUtcNow())
                channel.Writer.TryComplete();
            else
                _listeners.Add(channel);
        }
        return ReadAsync(channel, until, filters, cancellationToken);
    }

    private async IAsyncEnumerable<EngineEvent> ReadAsync(
        Channel<EngineEvent> channel, DateTimeOffset? until, FilterSet filters, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        long end = until is { } u ? DockerTime.UnixNanoseconds(u) : long.MaxValue;
        ITimer? timer = until is { } at && at > clock.GetUtcNow()
            ? clock.CreateTimer(_ => channel.Writer.TryComplete(), null, at - clock.GetUtcNow(), Timeout.InfiniteTimeSpan)
            : null;
        try
        {
            await foreach (EngineEvent happened in channel.Reader.ReadAllAsync(cancellationToken))
            {
                if (happened.TimeNano <= end && Matches(happened, filters))
                    yield return happened;
            }
        }
        finally
        {
            timer?.Dispose();
            lock (_lock)
                _listeners.Remove(channel);
        }
    }

    private static bool Matches(EngineEvent happened, FilterSet filters)
    {
        IReadOnlyDictionary<string, string> attributes = happened.Actor.Attributes;
        return filters.MatchExact("type", happened.Type)
            && filters.MatchExact("scope", happened.Scope)
            && MatchesAction(happened.Action, filters)
            && MatchesActor("container") && MatchesActor("image") && MatchesActor("volume") && MatchesActor("network") && MatchesActor("daemon")
            && filters.MatchLabels(attributes);

        bool MatchesActor(string type)
        {
            if (!filters.Has(type))
                return true;
            if (type == "image" && happened.Type == "container")
                return filters.MatchExact(type, attributes.GetValueOrDefault("image"));
            if (happened.Type != type)
                return false;
            string id = happened.Actor.ID;
            return filters[type].Any(wanted => id == wanted || attributes.GetValueOrDefault("name") == wanted
                || (wanted.Length > 0 && type is "container" or "image" && id.StartsWith(wanted, StringComparison.Ordinal)));
        }
    }

    // "exec_start: sh -c x" is matched by "exec_start", "health_status: healthy" by "health_status" and by the whole.
    private static bool MatchesAction(string action, FilterSet filters)
    {
        if (!filters.Has("event"))
            return true;
        int colon = action.IndexOf(':', StringComparison.Ordinal);
        string verb = colon < 0 ? action : action[..colon];
        return filters["event"].Any(wanted => wanted == action || wanted == verb);
    }
}
