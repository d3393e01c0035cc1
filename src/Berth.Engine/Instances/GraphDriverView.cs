namespace Berth.Engine.Instances;

/// <summary>Storage of an instance.</summary>
public sealed record GraphDriverView
{
    /// <summary>LowerDir, UpperDir, WorkDir, MergedDir.</summary>
    public IReadOnlyDictionary<string, string>? Data { get; init; }

    /// <summary><c>overlay2</c> for containers, <c>disk</c> for virtual machines.</summary>
    public required string Name { get; init; }
}
