using Berth.Compose.Model;

namespace Berth.Compose.Planning;

/// <summary>
/// From what is wanted and what is there to the actions of <c>up</c>. Pure: a plan carried out and made again is empty. What an earlier
/// <c>up</c> left half done is found and finished: a replacement under its temporary name, two containers of one number.
/// </summary>
public sealed class UpPlanner
{
    private readonly Project _project;
    private readonly FoundState _found;
    private readonly UpOptions _options;
    private readonly StepList _steps = new();
    private readonly List<string> _warnings = [];
    private readonly Dictionary<Slot, string> _known = [];
    private readonly Dictionary<string, int> _networks = [];
    private readonly Dictionary<string, int> _volumes = [];
    private readonly Dictionary<string, List<int>> _created = [];
    private readonly Dictionary<string, List<int>> _started = [];
    private readonly Dictionary<string, List<Slot>> _slots = [];
    private readonly HashSet<string> _replaced = [];
    private readonly Dictionary<string, List<int>> _cleared = [];
    private readonly Dictionary<string, List<int>> _stopped = [];
    private readonly Dictionary<(string, DependencyCondition, bool), int> _awaited = [];

    private UpPlanner(Project project, FoundState found, UpOptions options) => (_project, _found, _options) = (project, found, options);

    /// <summary>The plan.</summary>
    /// <exception cref="ComposeException">Something external is missing, or a service is not there.</exception>
    public static Plan Plan(Project project, FoundState found, UpOptions options) => new UpPlanner(project, found, options).Plan();

    /// <summary>Services that <paramref name="options"/> act on, each after its dependencies.</summary>
    public static IReadOnlyList<Service> Targets(Project project, UpOptions options)
    {
        IEnumerable<string> names = options.Services.Count > 0 ? options.Services.Select(name => project.Service(name).Name) : project.Services.Keys;
        var wanted = (options.NoDependencies ? names : DependencyOrder.WithDependencies(project.Services, names)).ToHashSet();
        return [.. DependencyOrder.Of(project.Services).Where(service => wanted.Contains(service.Name))];
    }

    private Plan Plan()
    {
        var targets = Targets(_project, _options);
        PlanOrphans();
        PlanNetworks(targets);
        PlanVolumes(targets);
        var decisions = targets.Where(service => service.Name != _options.Skip).Select(Decide).ToList();
        PlanRestartsOfDependents(decisions);
        foreach (var decision in decisions)
        {
            PlanService(decision);
        }
        if (_options.Wait && !_options.NoStart)
        {
            foreach (var service in targets)
            {
                _ = Await(service.Name, DependencyCondition.Ready, required: true);
            }
        }
        return new Plan(_steps.Steps, _known, _warnings);
    }

    private void PlanOrphans()
    {
        var orphans = _found.Containers.Where(one => !one.OneOff && !_project.Services.ContainsKey(one.Service) && !_project.Inactive.Contains(one.Service)).ToList();
        if (orphans.Count > 0 && !_options.RemoveOrphans)
        {
            _warnings.Add($"Containers of services that the project does not have: {string.Join(", ", orphans.Select(one => one.Name))}. --remove-orphans removes them.");
            return;
        }
        foreach (var orphan in orphans)
        {
            _ = Remove(orphan, volumes: true);
        }
    }

    private void PlanNetworks(IReadOnlyList<Service> targets)
    {
        foreach (var network in Used(targets, _project.Networks, service => service.Network.Endpoints.Select(endpoint => endpoint.Network)))
        {
            var existing = _found.Networks.FirstOrDefault(one => one.Name == network.Name);
            if (network.External)
            {
                if (existing is null && network.Name is not ("bridge" or "host" or "none"))
                {
                    throw new ComposeException($"the external network \"{network.Name}\" is not there; make it with: berth network create {network.Name}");
                }
            }
            else if (existing is null)
            {
                _networks[network.Key] = _steps.Add(new CreateNetwork(network));
            }
            else if (existing.Project != _project.Name)
            {
                _warnings.Add($"The network {network.Name} was not made by this project; it is used as it is.");
            }
            else if (existing.Hash.Length > 0 && existing.Hash != network.Hash && _options.Recreate != RecreatePolicy.Never)
            {
                ReplaceNetwork(network, existing, targets);
            }
        }
    }

    // Whoever is on it must leave first.
    private void ReplaceNetwork(Network network, FoundNetwork existing, IReadOnlyList<Service> targets)
    {
        var users = _project.Services.Values.Where(service => service.Network.Endpoints.Any(endpoint => endpoint.Network == network.Key)).Select(service => service.Name).ToHashSet();
        if (_found.Containers.Any(one => users.Contains(one.Service) && targets.All(target => target.Name != one.Service)))
        {
            _warnings.Add($"The network {network.Name} has other settings now; it changes when all its services are brought up.");
            return;
        }
        List<int> gone = [];
        foreach (var container in _found.Containers.Where(one => users.Contains(one.Service)))
        {
            if (!_cleared.TryGetValue(container.Id, out var steps))
            {
                _cleared[container.Id] = steps = [Remove(container, volumes: false)];
            }
            gone.AddRange(steps);
        }
        _networks[network.Key] = _steps.Add(new CreateNetwork(network), _steps.Add(new RemoveNetwork(existing), gone));
    }

    private void PlanVolumes(IReadOnlyList<Service> targets)
    {
        foreach (var volume in Used(targets, _project.Volumes, service => service.Storage.Mounts.Where(mount => mount is { Type: "volume", Source: not null }).Select(mount => mount.Source!)))
        {
            var existing = _found.Volumes.FirstOrDefault(one => one.Name == volume.Name);
            if (existing is null)
            {
                _volumes[volume.Key] = !volume.External
                    ? _steps.Add(new CreateVolume(volume))
                    : throw new ComposeException($"the external volume \"{volume.Name}\" is not there; make it with: berth volume create {volume.Name}");
            }
            else if (!volume.External && existing.Project != _project.Name)
            {
                _warnings.Add($"The volume {volume.Name} was not made by this project; it is used as it is.");
            }
            else if (!volume.External && existing.Hash.Length > 0 && existing.Hash != volume.Hash)
            {
                _warnings.Add($"The volume {volume.Name} was made with other settings; it keeps them, and its data, until it is removed.");
            }
        }
    }

    private static List<T> Used<T>(IReadOnlyList<Service> targets, IReadOnlyDictionary<string, T> resources, Func<Service, IEnumerable<string>> keys) =>
        [.. targets.SelectMany(keys).Distinct().Where(resources.ContainsKey).Select(key => resources[key])];

    // Which containers stay, which are replaced, which are missing and which are too many.
    private Decision Decide(Service service)
    {
        var wanted = _options.Scale.TryGetValue(service.Name, out var scale) ? scale : service.Replicas;
        var parentReplaced = service.SharedWith().Any(_replaced.Contains);
        bool IsStale(FoundContainer container) => _cleared.ContainsKey(container.Id) || _options.Recreate switch
        {
            RecreatePolicy.Force => true,
            RecreatePolicy.Never => false,
            _ => parentReplaced || container.State is "dead" or "removing" || container.Hash != service.Hash
                || (_found.Images.TryGetValue(service.Image, out var image) && container.ImageId != image),
        };
        List<FoundContainer> surplus = [];
        List<(FoundContainer Container, bool Stale)> kept = [];
        foreach (var group in _found.Of(service.Name).GroupBy(one => one.Number))
        {
            // A replacement that lost its turn is preferred to what it was to replace.
            var best = group.OrderBy(IsStale).ThenByDescending(one => one.IsRunning).ThenBy(one => one.Name != NameOf(service, group.Key)).First();
            surplus.AddRange(group.Where(one => one != best));
            if (kept.Count < wanted)
            {
                kept.Add((best, IsStale(best)));
            }
            else
            {
                surplus.Add(best);
            }
        }
        List<int> missing = [];
        for (var number = 1; kept.Count + missing.Count < wanted; number++)
        {
            if (kept.All(one => one.Container.Number != number))
            {
                missing.Add(number);
            }
        }
        if (kept.Any(one => one.Stale))
        {
            _replaced.Add(service.Name);
        }
        return new Decision(service, kept, missing, surplus);
    }

    private string NameOf(Service service, int number) => service.ContainerName ?? ContainerNames.Of(_project.Name, service.Name, number);

    // Those that asked for it end before what they depend on is replaced, and start again behind it.
    private void PlanRestartsOfDependents(IReadOnlyList<Decision> decisions)
    {
        if (_options.NoStart)
        {
            return;
        }
        foreach (var decision in decisions.AsEnumerable().Reverse())
        {
            var restarting = decision.Service.DependsOn.Where(dependency => dependency.Restart && _replaced.Contains(dependency.Service)).Select(dependency => dependency.Service).ToList();
            if (restarting.Count == 0)
            {
                continue;
            }
            foreach (var (container, _) in decision.Kept.Where(one => !one.Stale && one.Container.IsRunning))
            {
                var stop = _steps.Add(new StopContainer(container), _stopped.GetValueOrDefault(decision.Service.Name) ?? []);
                decision.Restarted.Add(container.Id);
                foreach (var dependency in restarting)
                {
                    Add(_stopped, dependency, stop);
                }
            }
        }
    }

    private void PlanService(Decision decision)
    {
        var service = decision.Service;
        _created[service.Name] = [];
        _started[service.Name] = [];
        _slots[service.Name] = [];
        var removed = decision.Surplus.Select(one => _cleared.TryGetValue(one.Id, out var steps) ? steps[^1] : Remove(one, volumes: true)).ToList();
        var before = CreateAfter(service);
        var turn = new List<int>();
        foreach (var (container, stale) in decision.Kept)
        {
            Slot slot = new(service.Name, container.Number);
            var name = NameOf(service, container.Number);
            if (stale)
            {
                Replace(decision, slot, name, container, before, removed, turn);
                continue;
            }
            _known[slot] = container.Id;
            List<int> after = [];
            if (container.Name != name)
            {
                after.Add(_steps.Add(new RenameContainer(slot, name), removed));
            }
            Start(service, slot, name, after, wanted: !container.IsRunning || decision.Restarted.Contains(container.Id));
        }
        foreach (var number in decision.Missing)
        {
            Slot slot = new(service.Name, number);
            var name = NameOf(service, number);
            var create = _steps.Add(new CreateContainer(service, number, name, null), [.. before, .. removed]);
            _created[service.Name].Add(create);
            Start(service, slot, name, [create], wanted: true);
        }
    }

    // The new container is made before the old one ends, so that a mistake costs nothing; only where both cannot be there at once is the old one
    // removed first. Containers of one service take turns.
    private void Replace(Decision decision, Slot slot, string name, FoundContainer old, IReadOnlyList<int> before, IReadOnlyList<int> removed, List<int> turn)
    {
        var service = decision.Service;
        var inherited = _options.RenewAnonymousVolumes ? old with { Anonymous = [] } : old;
        IReadOnlyList<int> stopAfter = [.. turn, .. _stopped.GetValueOrDefault(service.Name) ?? []];
        int ready;
        if (_cleared.TryGetValue(old.Id, out var cleared))
        {
            ready = _steps.Add(new CreateContainer(service, slot.Number, name, inherited), [.. before, .. removed, .. cleared]);
            _created[service.Name].Add(ready);
        }
        else if (service.Network.Endpoints.Any(endpoint => endpoint.IsStatic))
        {
            ready = _steps.Add(new CreateContainer(service, slot.Number, name, inherited), [.. before, .. removed, Remove(old, _options.RenewAnonymousVolumes, stopAfter)]);
            _created[service.Name].Add(ready);
        }
        else
        {
            var create = _steps.Add(new CreateContainer(service, slot.Number, ContainerNames.Temporary(old.Id, name), inherited), [.. before, .. removed]);
            _created[service.Name].Add(create);
            ready = _steps.Add(new RenameContainer(slot, name), Remove(old, _options.RenewAnonymousVolumes, [create, .. stopAfter]));
        }
        turn.Clear();
        turn.Add(Start(service, slot, name, [ready], wanted: true) ?? ready);
    }

    private int? Start(Service service, Slot slot, string name, IReadOnlyList<int> after, bool wanted)
    {
        _slots[service.Name].Add(slot);
        if (!wanted || _options.NoStart)
        {
            return null;
        }
        var start = _steps.Add(new StartContainer(slot, name), [.. after, .. Conditions(service)]);
        _started[service.Name].Add(start);
        return start;
    }

    private List<int> Conditions(Service service)
    {
        List<int> conditions = [];
        foreach (var dependency in service.DependsOn.Where(dependency => _slots.ContainsKey(dependency.Service)))
        {
            if (dependency is { Condition: DependencyCondition.Started, Required: true })
            {
                conditions.AddRange(_started[dependency.Service]);
            }
            else
            {
                conditions.Add(Await(dependency.Service, dependency.Condition, dependency.Required));
            }
        }
        return conditions;
    }

    private int Await(string service, DependencyCondition condition, bool required)
    {
        var key = (service, condition, required);
        if (!_awaited.TryGetValue(key, out var step))
        {
            _awaited[key] = step = _steps.Add(new AwaitService(service, _slots[service], condition, required), _started[service]);
        }
        return step;
    }

    private List<int> CreateAfter(Service service) =>
    [
        .. service.Network.Endpoints.Where(endpoint => _networks.ContainsKey(endpoint.Network)).Select(endpoint => _networks[endpoint.Network]),
        .. service.Storage.Mounts.Where(mount => mount.Source is not null && mount.Type == "volume" && _volumes.ContainsKey(mount.Source)).Select(mount => _volumes[mount.Source!]),
        // Their ids are needed.
        .. service.SharedWith().SelectMany(other => _created.GetValueOrDefault(other) ?? []),
    ];

    // Anonymous volumes stay with their number; without a container that takes them over, nothing would lead to them any more.
    private int Remove(FoundContainer container, bool volumes, params IEnumerable<int> after) =>
        _steps.Add(new RemoveContainer(container, volumes), container.IsRunning ? [_steps.Add(new StopContainer(container), after)] : after);

    private static void Add(Dictionary<string, List<int>> map, string key, int step)
    {
        if (!map.TryGetValue(key, out var list))
        {
            map[key] = list = [];
        }
        list.Add(step);
    }

    private sealed record Decision(Service Service, IReadOnlyList<(FoundContainer Container, bool Stale)> Kept, IReadOnlyList<int> Missing, IReadOnlyList<FoundContainer> Surplus)
    {
        public HashSet<string> Restarted { get; } = [];
    }
}
