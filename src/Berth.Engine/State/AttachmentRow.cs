namespace Berth.Engine.State;

/// <summary>How a running instance hangs on its networks.</summary>
internal sealed record AttachmentRow
{
    public required string InstanceId { get; init; }

    public IReadOnlyList<EndpointRow> Endpoints { get; init; } = [];

    public IReadOnlyList<PortRow> Ports { get; init; } = [];

    /// <summary>Name servers that the instance asked for in place of the host's.</summary>
    public IReadOnlyList<string>? Resolvers { get; init; }

    /// <summary>Names of its own for others, in small letters, and the names they lead to.</summary>
    public IReadOnlyDictionary<string, string>? Links { get; init; }
}
