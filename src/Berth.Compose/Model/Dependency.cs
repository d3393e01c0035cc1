namespace Berth.Compose.Model;

/// <summary>A service that comes before another.</summary>
/// <param name="Service">Its name.</param>
/// <param name="Condition">What it must have reached.</param>
/// <param name="Required">Without it the other cannot start.</param>
/// <param name="Restart">The other is started again when this one is replaced or restarted.</param>
public sealed record Dependency(string Service, DependencyCondition Condition, bool Required = true, bool Restart = false);
