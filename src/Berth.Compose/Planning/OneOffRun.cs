using Berth.Compose.Model;

namespace Berth.Compose.Planning;

/// <summary>What must hold before a container of <c>run</c> starts.</summary>
public static class OneOffRun
{
    /// <summary>Waits for the conditions of the service's dependencies.</summary>
    public static Plan Conditions(Service service, FoundState found)
    {
        StepList steps = new();
        Dictionary<Slot, string> known = [];
        foreach (var dependency in service.DependsOn.Where(dependency => dependency.Condition != DependencyCondition.Started))
        {
            var containers = found.Of(dependency.Service).ToList();
            containers.ForEach(one => known[new Slot(one.Service, one.Number)] = one.Id);
            _ = steps.Add(new AwaitService(dependency.Service, [.. containers.Select(one => new Slot(one.Service, one.Number))], dependency.Condition, dependency.Required));
        }
        return new Plan(steps.Steps, known, []);
    }
}
