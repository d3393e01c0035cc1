namespace Berth.Compose.Model;

/// <summary>A secret or config: a file of the host, or content that the project carries.</summary>
/// <param name="File">Path on the host.</param>
/// <param name="Content">Text, when it is no file.</param>
public sealed record FileResource(string? File, string? Content);
