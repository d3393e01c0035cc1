namespace Berth.Engine.Configuration;

/// <summary>A resource limit by its setrlimit(2) name in lower case.</summary>
public sealed record Ulimit
{
    /// <summary>Such as <c>nofile</c>.</summary>
    public string? Name { get; init; }

    /// <summary>Soft limit; -1 = unlimited.</summary>
    public long Soft { get; init; }

    /// <summary>Hard limit; -1 = unlimited.</summary>
    public long Hard { get; init; }
}
