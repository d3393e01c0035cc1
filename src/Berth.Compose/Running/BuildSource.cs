namespace Berth.Compose.Running;

/// <summary>A directory of the caller to build from.</summary>
/// <param name="Directory">The context.</param>
/// <param name="Dockerfile">Path of the Dockerfile; null for the one in the directory.</param>
/// <param name="Inline">The Dockerfile's text, in place of a file; else null.</param>
public sealed record BuildSource(string Directory, string? Dockerfile, string? Inline);
