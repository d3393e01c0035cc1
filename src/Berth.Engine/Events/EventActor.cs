namespace Berth.Engine.Events;

/// <summary>What an event happened to.</summary>
public sealed record EventActor
{
    /// <summary>Id or name.</summary>
    public required string ID { get; init; }

    /// <summary>Labels, name, image and the like.</summary>
    public IReadOnlyDictionary<string, string> Attributes { get; init; } = new Dictionary<string, string>();
}
