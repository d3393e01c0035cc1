using Berth.Compose.Model;

namespace Berth.Compose.Planning;

/// <summary>The actions of <c>start</c>: containers that are there start behind those they depend on. Pure.</summary>
public static class StartPlanner
{
    /// <summary>Starts the containers of <paramref name="services"/> that do not run.</summary>
    public static Plan Plan(Project project, FoundState found, IReadOnlyCollection<string> services)
    {
        StepList steps = new();
        Dictionary<Slot, string> known = [];
        Dictionary<string, List<int>> started = [];
        foreach (var service in DependencyOrder.Of(project.Services).Where(service => services.Contains(service.Name)))
        {
            List<int> conditions = [];
            foreach (var dependency in service.DependsOn.Where(dependency => started.ContainsKey(dependency.Service)))
            {
                Slot[] slots = [.. found.Of(dependency.Service).Select(one => new Slot(one.Service, one.Number))];
                conditions.Add(steps.Add(new AwaitService(dependency.Service, slots, dependency.Condition, dependency.Required), started[dependency.Service]));
            }
            started[service.Name] = [];
            foreach (var container in found.Of(service.Name))
            {
                Slot slot = new(service.Name, container.Number);
                known[slot] = container.Id;
                if (!container.IsRunning)
                {
                    started[service.Name].Add(steps.Add(new StartContainer(slot, container.Name), conditions));
                }
            }
        }
        return new Plan(steps.Steps, known, []);
    }
}
