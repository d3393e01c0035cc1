namespace Berth.Compose.Planning;

/// <summary>Asks a container to end.</summary>
public sealed record StopContainer(FoundContainer Container) : Step
{
    /// <inheritdoc/>
    public override string Subject => $"Container {Container.Name}";

    /// <inheritdoc/>
    public override (string Doing, string Done) Words => ("Stopping", "Stopped");
}
