using Berth.Containers.Interfaces;

namespace Berth.Engine.Networks;

/// <summary>What an instance about to start gets.</summary>
/// <param name="Interfaces">Interfaces to make.</param>
/// <param name="Rules">Ends when the rules for its ports hold.</param>
internal sealed record InstanceAttachment(IReadOnlyList<InterfaceConfig> Interfaces, Task Rules)
{
    public static InstanceAttachment None { get; } = new([], Task.CompletedTask);
}
