namespace Berth.Compose.Planning;

/// <summary>Removes a volume; one that others use stays.</summary>
public sealed record RemoveVolume(string Name) : Step
{
    /// <inheritdoc/>
    public override string Subject => $"Volume {Name}";

    /// <inheritdoc/>
    public override (string Doing, string Done) Words => ("Removing", "Removed");
}
