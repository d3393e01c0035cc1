namespace Berth.Compose.Planning;

/// <summary>Removes an image; one that others use stays.</summary>
public sealed record RemoveImage(string Name) : Step
{
    /// <inheritdoc/>
    public override string Subject => $"Image {Name}";

    /// <inheritdoc/>
    public override (string Doing, string Done) Words => ("Removing", "Removed");
}
