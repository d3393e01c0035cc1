using Berth.Compose.Model;

namespace Berth.Compose.Planning;

/// <summary>Makes a network.</summary>
public sealed record CreateNetwork(Network Network) : Step
{
    /// <inheritdoc/>
    public override string Subject => $"Network {Network.Name}";

    /// <inheritdoc/>
    public override (string Doing, string Done) Words => ("Creating", "Created");
}
