using Berth.Compose.Model;

namespace Berth.Compose.Planning;

/// <summary>The actions that end things: <c>stop</c>, <c>rm</c>, <c>down</c>. A container ends when those that depend on it have ended. Pure.</summary>
public static class DownPlanner
{
    /// <summary>Stops <paramref name="containers"/>, in order.</summary>
    public static Plan Stop(Project? project, IReadOnlyList<FoundContainer> containers)
    {
        StepList steps = new();
        _ = Stop(steps, project, containers);
        return new Plan(steps.Steps, new Dictionary<Slot, string>(), []);
    }

    /// <summary>Takes the project down. Without its files everything with its label goes.</summary>
    public static Plan Down(Project? project, string name, FoundState found, DownOptions options)
    {
        StepList steps = new();
        List<string> warnings = [];
        var partial = options.Services.Count > 0;
        bool IsOrphan(FoundContainer one) => project is not null && !one.OneOff && !project.Services.ContainsKey(one.Service) && !project.Inactive.Contains(one.Service);
        var orphans = found.Containers.Where(IsOrphan).ToList();
        if (orphans.Count > 0 && !options.RemoveOrphans && !partial)
        {
            warnings.Add($"Containers of services that the project does not have: {string.Join(", ", orphans.Select(one => one.Name))}. --remove-orphans removes them.");
        }
        var going = found.Containers.Where(one => partial ? options.Services.Contains(one.Service) : options.RemoveOrphans || !IsOrphan(one)).ToList();
        var stops = Stop(steps, project, going);
        var removed = going.Select(one => steps.Add(new RemoveContainer(one, options.Volumes), stops[one.Id])).ToList();
        if (!partial)
        {
            foreach (var network in found.Networks.Where(network => network.Project == name))
            {
                _ = steps.Add(new RemoveNetwork(network), removed);
            }
        }
        if (options.Volumes)
        {
            var declared = partial ? [] : found.Volumes.Where(volume => volume.Project == name).Select(volume => volume.Name);
            foreach (var volume in declared.Concat(going.SelectMany(one => one.Anonymous).Select(volume => volume.Name)).Distinct())
            {
                _ = steps.Add(new RemoveVolume(volume), removed);
            }
        }
        foreach (var image in options.Images)
        {
            _ = steps.Add(new RemoveImage(image), removed);
        }
        return new Plan(steps.Steps, new Dictionary<Slot, string>(), warnings);
    }

    // Places of the steps after which each container does not run.
    private static Dictionary<string, List<int>> Stop(StepList steps, Project? project, IReadOnlyList<FoundContainer> containers)
    {
        var services = containers.Select(one => one.Service).ToHashSet();
        var dependents = new Dictionary<string, HashSet<string>>();
        foreach (var container in containers)
        {
            var dependencies = project is not null && project.Services.TryGetValue(container.Service, out var service) ? service.DependsOn : container.DependsOn;
            foreach (var dependency in dependencies.Where(dependency => services.Contains(dependency.Service) && dependency.Service != container.Service))
            {
                (dependents.TryGetValue(dependency.Service, out var set) ? set : dependents[dependency.Service] = []).Add(container.Service);
            }
        }
        Dictionary<string, List<int>> ofService = [];
        Dictionary<string, List<int>> ofContainer = [];
        HashSet<string> visiting = [];
        foreach (var service in services)
        {
            _ = Visit(service);
        }
        return ofContainer;

        // Labels of containers are not checked as files are: a circle among them is cut.
        List<int> Visit(string service)
        {
            if (ofService.TryGetValue(service, out var known))
            {
                return known;
            }
            if (!visiting.Add(service))
            {
                return [];
            }
            List<int> after = [.. (dependents.GetValueOrDefault(service) ?? []).SelectMany(Visit)];
            List<int> own = [];
            foreach (var container in containers.Where(one => one.Service == service))
            {
                ofContainer[container.Id] = container.IsRunning ? [steps.Add(new StopContainer(container), after)] : after;
                own.AddRange(ofContainer[container.Id]);
            }
            ofService[service] = own.Count > 0 ? own : after;
            return ofService[service];
        }
    }
}
