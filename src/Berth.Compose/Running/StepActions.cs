using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Berth.Compose.Model;
using Berth.Compose.Planning;

namespace Berth.Compose.Running;

/// <summary>What each step of a plan means for the engine. Steps may be performed from several threads at once.</summary>
public sealed class StepActions
{
    private readonly IEngine _engine;
    private readonly IProgressSink _progress;
    private readonly Project? _project;
    private readonly ConcurrentDictionary<Slot, string> _ids;

    /// <summary>For one plan of a project; without its files nothing can be made, only ended.</summary>
    public StepActions(IEngine engine, IProgressSink progress, Project? project, Plan plan)
    {
        (_engine, _progress, _project) = (engine, progress, project);
        _ids = new(plan.Known);
    }

    /// <summary>Seconds a container has to end before it is killed; null: its own.</summary>
    public long? Timeout { get; init; }

    /// <summary>Ids of images by name.</summary>
    public IReadOnlyDictionary<string, string> Images { get; init; } = new Dictionary<string, string>();

    /// <summary>Ids of the containers by their slot, those made meanwhile too.</summary>
    public IReadOnlyDictionary<Slot, string> Ids => _ids;

    /// <summary>Performs a step; one whose aim is reached already succeeds.</summary>
    public void Perform(Step step)
    {
        switch (step)
        {
            case CreateNetwork create:
                Tolerate(409, () => _engine.Call("POST", "/networks/create", ResourceBodies.Network(_project!.Name, create.Network)));
                break;
            case RemoveNetwork remove:
                RemoveUnlessUsed($"/networks/{remove.Network.Id}", step.Subject);
                break;
            case CreateVolume create:
                _ = _engine.Call("POST", "/volumes/create", ResourceBodies.Volume(_project!.Name, create.Volume));
                break;
            case RemoveVolume remove:
                RemoveUnlessUsed($"/volumes/{Uri.EscapeDataString(remove.Name)}", step.Subject);
                break;
            case RemoveImage remove:
                RemoveUnlessUsed($"/images/{Uri.EscapeDataString(remove.Name)}", step.Subject);
                break;
            case CreateContainer create:
                Create(create);
                break;
            case StopContainer stop:
                Tolerate(404, () => _engine.Call("POST", $"/containers/{stop.Container.Id}/stop{(Timeout is { } seconds ? $"?t={seconds}" : "")}"));
                break;
            case RemoveContainer remove:
                Tolerate(404, () => _engine.Call("DELETE", $"/containers/{remove.Container.Id}?force=1{(remove.Volumes ? "&v=1" : "")}"));
                break;
            case RenameContainer rename:
                _ = _engine.Call("POST", $"/containers/{_ids[rename.Slot]}/rename?name={Uri.EscapeDataString(rename.Name)}");
                break;
            case StartContainer start:
                Start(start);
                break;
            default:
                throw new ArgumentException($"{step.GetType().Name} is no action", nameof(step));
        }
    }

    /// <summary>Whether all containers of the service have reached the condition.</summary>
    /// <exception cref="ComposeException">They cannot reach it any more.</exception>
    public bool HasReached(AwaitService step) => step.Slots.All(slot => HasReached(step, _ids[slot]));

    private bool HasReached(AwaitService step, string id)
    {
        var container = _engine.Call("GET", $"/containers/{id}/json");
        var state = container.Field("State");
        var name = container.Text("Name").TrimStart('/');
        var running = state.Text("Status") is "running" or "paused" or "restarting";
        var health = state.Field("Health").Text("Status");
        switch (step.Condition)
        {
            case DependencyCondition.Completed:
                return !running && (state.Number("ExitCode") == 0
                    ? state.Text("Status") != "created"
                    : throw new ComposeException($"container {name} ended with {state.Number("ExitCode")}"));
            case DependencyCondition.Started:
                return true;
            case DependencyCondition.Ready when health is "" or "none":
                return state.Text("Status") == "running" || (!running && state.Number("ExitCode") == 0) || Ended(name, state, running);
            case DependencyCondition.Healthy when health is "" or "none":
                throw new ComposeException($"container {name} has no health check");
            default:
                return health switch
                {
                    "healthy" => true,
                    "unhealthy" => throw new ComposeException($"container {name} is unhealthy"),
                    _ => Ended(name, state, running),
                };
        }
    }

    private static bool Ended(string name, JsonNode? state, bool running) =>
        running || state.Text("Status") == "created" ? false : throw new ComposeException($"container {name} ended with {state.Number("ExitCode")}");

    private void Create(CreateContainer create)
    {
        var project = _project!;
        ContainerBody body = new(project, create.Service)
        {
            Number = create.Number,
            ImageId = Images.GetValueOrDefault(create.Service.Image, ""),
            Inherited = create.Replaces?.Anonymous ?? [],
            IdOf = IdOf,
        };
        var platform = create.Service.Platform is { } text ? $"&platform={Uri.EscapeDataString(text)}" : "";
        var answer = _engine.Call("POST", $"/containers/create?name={Uri.EscapeDataString(create.Name)}{platform}", body.Build());
        foreach (var warning in answer.Field("Warnings").Items())
        {
            _progress.Warn($"{create.Name}: {warning}");
        }
        _ids[new Slot(create.Service.Name, create.Number)] = answer.Text("Id");
    }

    // Content that is no file of the host is written before every start: a creation that was broken off shows no difference.
    private void Start(StartContainer start)
    {
        var id = _ids[start.Slot];
        if (_project is not null && _project.Services.TryGetValue(start.Slot.Service, out var service))
        {
            ContentFiles.Write(_engine, _project, service, id);
        }
        _ = _engine.Call("POST", $"/containers/{id}/start");
    }

    private string IdOf(string service) =>
        _ids.Where(pair => pair.Key.Service == service).OrderBy(pair => pair.Key.Number).Select(pair => pair.Value).FirstOrDefault()
        ?? throw new ComposeException($"service \"{service}\" has no container whose namespaces or volumes could be shared");

    private static void Tolerate(int status, Action call)
    {
        try
        {
            call();
        }
        catch (EngineCallException e) when (e.Status == status)
        {
            // Somebody else was faster.
        }
    }

    private void RemoveUnlessUsed(string target, string subject)
    {
        try
        {
            _ = _engine.Call("DELETE", target);
        }
        catch (EngineCallException e) when (e.Status == 404)
        {
            // It is gone.
        }
        catch (EngineCallException e) when (e.Status is 403 or 409)
        {
            _progress.Warn($"{subject} is kept: {e.Message}");
        }
    }
}
