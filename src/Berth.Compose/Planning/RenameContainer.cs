namespace Berth.Compose.Planning;

/// <summary>Gives the container in a slot its name.</summary>
public sealed record RenameContainer(Slot Slot, string Name) : Step
{
    /// <inheritdoc/>
    public override string Subject => $"Container {Name}";

    /// <inheritdoc/>
    public override (string Doing, string Done) Words => ("Renaming", "Renamed");
}
