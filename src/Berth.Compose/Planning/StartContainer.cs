namespace Berth.Compose.Planning;

/// <summary>Starts the container in a slot.</summary>
public sealed record StartContainer(Slot Slot, string Name) : Step
{
    /// <inheritdoc/>
    public override string Subject => $"Container {Name}";

    /// <inheritdoc/>
    public override (string Doing, string Done) Words => ("Starting", "Started");
}
