using Berth.Compose.Model;

namespace Berth.Compose.Planning;

/// <summary>Makes a volume.</summary>
public sealed record CreateVolume(Volume Volume) : Step
{
    /// <inheritdoc/>
    public override string Subject => $"Volume {Volume.Name}";

    /// <inheritdoc/>
    public override (string Doing, string Done) Words => ("Creating", "Created");
}
