namespace Berth.Compose.Planning;

/// <summary>Removes a network; one that others use stays.</summary>
public sealed record RemoveNetwork(FoundNetwork Network) : Step
{
    /// <inheritdoc/>
    public override string Subject => $"Network {Network.Name}";

    /// <inheritdoc/>
    public override (string Doing, string Done) Words => ("Removing", "Removed");
}
