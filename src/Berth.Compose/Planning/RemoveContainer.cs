namespace Berth.Compose.Planning;

/// <summary>Removes a container; its anonymous volumes only with <paramref name="Volumes"/>.</summary>
public sealed record RemoveContainer(FoundContainer Container, bool Volumes) : Step
{
    /// <inheritdoc/>
    public override string Subject => $"Container {Container.Name}";

    /// <inheritdoc/>
    public override (string Doing, string Done) Words => ("Removing", "Removed");
}
