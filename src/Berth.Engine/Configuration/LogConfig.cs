namespace Berth.Engine.Configuration;

/// <summary>Where output goes.</summary>
public sealed record LogConfig
{
    /// <summary><c>""</c>, <c>json-file</c> or <c>local</c> keep rotated files, <c>none</c> keeps nothing.</summary>
    public string? Type { get; init; }

    /// <summary><c>max-size</c> and <c>max-file</c>.</summary>
    public IReadOnlyDictionary<string, string>? Config { get; init; }
}
