namespace Berth.Engine.State;

/// <summary>The addresses of a network in one family, as asked for or chosen.</summary>
internal sealed record SubnetRow
{
    public required string Subnet { get; init; }

    public string? Range { get; init; }

    public string? Gateway { get; init; }

    public IReadOnlyDictionary<string, string>? Auxiliary { get; init; }
}
