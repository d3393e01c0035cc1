using Berth.Compose.Model;

namespace Berth.Compose.Planning;

/// <summary>Makes a container, which takes over the anonymous volumes of the one it replaces.</summary>
public sealed record CreateContainer(Service Service, int Number, string Name, FoundContainer? Replaces) : Step
{
    /// <inheritdoc/>
    public override string Subject => $"Container {Name}";

    /// <inheritdoc/>
    public override (string Doing, string Done) Words => Replaces is null ? ("Creating", "Created") : ("Recreating", "Recreated");
}
