using Berth.Compose.Model;

namespace Berth.Compose.Planning;

/// <summary>Waits until every container of a service has reached a condition. When it is not required, failure is a warning.</summary>
public sealed record AwaitService(string Service, IReadOnlyList<Slot> Slots, DependencyCondition Condition, bool Required) : Step
{
    /// <inheritdoc/>
    public override string Subject => $"Service {Service}";

    /// <inheritdoc/>
    public override (string Doing, string Done) Words => Condition switch
    {
        DependencyCondition.Healthy => ("Waiting", "Healthy"),
        DependencyCondition.Completed => ("Waiting", "Completed"),
        DependencyCondition.Ready => ("Waiting", "Ready"),
        _ => ("Waiting", "Started"),
    };
}
