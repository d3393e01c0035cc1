namespace Berth.Engine.Instances;

/// <summary>Storage of an instance.</summary>
public sealed record GraphDriverView
{
    /// <summary>LowerDir, UpperDir, WorkDir, MergedDir.</summary>
    public IReadOnlyDictionary<string, string>? Data { get; init; }

    /// <summary>Driver.</summary>
    public string Name { get; init; } = "overlay2";
}
