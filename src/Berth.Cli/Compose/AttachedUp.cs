using System.Collections.Concurrent;
using System.Globalization;
using Berth.Cli.Api;
using Berth.Cli.Output;
using Berth.Cli.Streams;
using Berth.Compose.Model;
using Berth.Compose.Planning;
using Berth.Compose.Running;

namespace Berth.Cli.Compose;

/// <summary>
/// <c>up</c> in the foreground: carries the plan out while the output of the services is printed, and ends when the last of them has ended.
/// Ctrl-C stops them in order, a second one kills them.
/// </summary>
internal sealed class AttachedUp : IDisposable
{
    private const int Interrupted = 130;
    private static readonly TimeSpan s_lastOutput = TimeSpan.FromSeconds(5);

    private readonly ComposeSession _session;
    private readonly Project _project;
    private readonly LogPrinter _printer;
    private readonly HashSet<string> _services;
    private readonly ApiClient _eventClient;
    private readonly Exchange _events;
    private readonly string _since;
    private readonly BlockingCollection<Message> _messages = [];
    private readonly Dictionary<string, LogFollower> _followers = [];
    private readonly Dictionary<string, string> _lastEnd = [];
    private int? _firstCode;

    /// <summary>Begins to listen before anything starts.</summary>
    public AttachedUp(ComposeSession session, Project project, IEnumerable<string> services, LogPrinter printer)
    {
        (_session, _project, _printer) = (session, project, printer);
        _services = [.. services.Where(name => project.Services[name].Attach)];
        _since = Seconds(TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds());
        _eventClient = session.Engine.NewClient();
        _events = ProjectEvents.Open(_eventClient, project.Name);
        new Thread(ReadEvents) { IsBackground = true }.Start();
    }

    /// <summary>End everything when the first container has ended.</summary>
    public bool AbortOnExit { get; init; }

    /// <summary>Service whose exit code is that of the command; null: 0, or with <see cref="AbortOnExit"/> that of the first that ended.</summary>
    public string? ExitCodeFrom { get; init; }

    /// <summary>Seconds containers have to end.</summary>
    public long? Timeout { get; init; }

    /// <summary>Runs <paramref name="plan"/> and prints until the end. Returns the exit code.</summary>
    public int Run(Plan plan, IReadOnlyDictionary<string, string> images)
    {
        using CancellationTokenSource cancellation = new();
        using SignalQueue signals = new(2, 15);
        new Thread(() => ReadSignals(signals)) { IsBackground = true }.Start();
        foreach (var slot in plan.Known.Keys.Concat(plan.Steps.OfType<StartContainer>().Select(step => step.Slot)).Where(slot => _services.Contains(slot.Service)))
        {
            _printer.Add(NameOf(slot));
        }
        var restarted = plan.Steps.OfType<StartContainer>().Select(step => step.Slot).ToHashSet();
        foreach (var (slot, id) in plan.Known.Where(pair => !restarted.Contains(pair.Key) && _services.Contains(pair.Key.Service)))
        {
            Follow(id, NameOf(slot), query => query.Add("tail", "0"));
        }
        new Thread(() => RunPlan(plan, images, cancellation.Token)) { IsBackground = true }.Start();
        var brought = false;
        foreach (var message in _messages.GetConsumingEnumerable())
        {
            switch (message)
            {
                case Ended { Succeeded: false }:
                    StopAll();
                    return 1;
                case Ended:
                    brought = true;
                    break;
                case Signal:
                    cancellation.Cancel();
                    Interrupt(signals);
                    return Interrupted;
                case Happened happened:
                    Handle(happened);
                    if (AbortOnExit && happened.Action == "die")
                    {
                        StopAll();
                        return _firstCode ?? 0;
                    }
                    break;
            }
            if (brought && !AnyRuns())
            {
                return Finish();
            }
        }
        return Finish();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _eventClient.Dispose();
        _messages.Dispose();
    }

    private static string Seconds(long milliseconds) => string.Create(CultureInfo.InvariantCulture, $"{milliseconds / 1000}.{milliseconds % 1000:000}000000");

    private string NameOf(Slot slot) => _project.Services[slot.Service].ContainerName ?? $"{slot.Service}-{slot.Number}";

    private void RunPlan(Plan plan, IReadOnlyDictionary<string, string> images, CancellationToken cancellationToken)
    {
        var succeeded = false;
        try
        {
            succeeded = _session.Run(_project, plan, Timeout, images, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // The user's wish, seen by the other thread.
        }
        Post(new Ended(succeeded));
    }

    private void ReadEvents()
    {
        try
        {
            foreach (var document in JsonMessages.Read(_events.Body))
            {
                using (document)
                {
                    var item = document.RootElement;
                    var service = ProjectEvents.Attribute(item, ComposeLabels.Service);
                    if (item.Text("Action") is "start" or "die" && ProjectEvents.Attribute(item, ComposeLabels.OneOff) != "True" && _services.Contains(service))
                    {
                        _ = int.TryParse(ProjectEvents.Attribute(item, ComposeLabels.Number), NumberStyles.None, CultureInfo.InvariantCulture, out var number);
                        _ = int.TryParse(ProjectEvents.Attribute(item, "exitCode"), NumberStyles.None, CultureInfo.InvariantCulture, out var code);
                        Post(new Happened(item.Text("Action"), item.Field("Actor").Text("ID"), new Slot(service, number), code, item.Number("timeNano")));
                    }
                }
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // The daemon went; there is no more to be seen from here.
        }
        Post(new Ended(false));
    }

    private void ReadSignals(SignalQueue signals)
    {
        try
        {
            if (signals.Take() > 0)
            {
                Post(new Signal());
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // Nobody waits for signals any more.
        }
    }

    private void Post(Message message)
    {
        try
        {
            _messages.Add(message);
        }
        catch (Exception e) when (e is InvalidOperationException or ObjectDisposedException)
        {
            // Nobody listens any more.
        }
    }

    private void Handle(Happened happened)
    {
        var name = NameOf(happened.Slot);
        if (happened.Action == "start")
        {
            Follow(happened.Id, name, query => query.Add("since", _lastEnd.GetValueOrDefault(happened.Id, _since)));
            return;
        }
        _lastEnd[happened.Id] = string.Create(CultureInfo.InvariantCulture, $"{happened.Nanoseconds / 1_000_000_000}.{happened.Nanoseconds % 1_000_000_000:000000000}");
        Drain(happened.Id);
        _printer.Say(name, $"exited with code {happened.Code}");
        if (ExitCodeFrom is null ? AbortOnExit : ExitCodeFrom == happened.Slot.Service)
        {
            _firstCode ??= happened.Code;
        }
    }

    private void Follow(string id, string name, Func<Query, Query> refine) =>
        _followers[id] = LogFollower.Start(_session.Engine, _printer, id, name, query => refine(query.Add("follow", true)));

    private void Drain(string id)
    {
        if (_followers.Remove(id, out var follower))
        {
            _ = follower.Join(s_lastOutput);
        }
    }

    private bool AnyRuns() => _session.State.Containers(_project.Name).Any(one => !one.OneOff && _services.Contains(one.Service) && one.IsRunning);

    private int Finish()
    {
        foreach (var id in _followers.Keys.ToList())
        {
            Drain(id);
        }
        return _firstCode ?? 0;
    }

    private void StopAll()
    {
        var containers = _session.State.Containers(_project.Name).Where(one => !one.OneOff && _project.Services.ContainsKey(one.Service)).ToList();
        _ = _session.Run(_project, DownPlanner.Stop(_project, containers), Timeout);
        // What the daemon tells of their ends is a little behind.
        while (_followers.Count > 0 && _messages.TryTake(out var message, s_lastOutput))
        {
            if (message is Happened happened)
            {
                Handle(happened);
            }
        }
        _ = Finish();
    }

    // The first signal asks in order, the second one insists.
    private void Interrupt(SignalQueue signals)
    {
        _session.Context.Error.WriteLine("Gracefully stopping … (press Ctrl+C again to force)");
        _session.Context.Flush();
        Thread stopping = new(StopAll) { IsBackground = true };
        stopping.Start();
        new Thread(() =>
        {
            try
            {
                if (signals.Take() > 0)
                {
                    KillAll();
                }
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException or EngineCallException)
            {
                // They have ended.
            }
        })
        { IsBackground = true }.Start();
        stopping.Join();
    }

    private void KillAll()
    {
        foreach (var container in _session.State.Containers(_project.Name).Where(one => !one.OneOff && one.IsRunning))
        {
            _ = _session.Engine.Call("POST", $"/containers/{container.Id}/kill");
        }
    }

    private abstract record Message;

    private sealed record Ended(bool Succeeded) : Message;

    private sealed record Signal : Message;

    private sealed record Happened(string Action, string Id, Slot Slot, int Code, long Nanoseconds) : Message;
}
