namespace Berth.Engine.State;

/// <summary>A bridge network as the store holds it.</summary>
internal sealed record NetworkRow
{
    public required string Id { get; init; }

    public required string Name { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Interface name of its bridge.</summary>
    public required string Bridge { get; init; }

    public required SubnetRow IPv4 { get; init; }

    public SubnetRow? IPv6 { get; init; }

    /// <summary>The IPv4 subnet was chosen by nobody, so another may take its place while nothing uses it.</summary>
    public bool HasChosenSubnet { get; init; }

    public bool IsInternal { get; init; }

    public bool IsAttachable { get; init; }

    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    public IReadOnlyDictionary<string, string> Options { get; init; } = new Dictionary<string, string>();
}
