namespace Berth.Build.Dockerfiles;

/// <summary>A document inside a Dockerfile.</summary>
/// <param name="Name">Its delimiter: the file's name when it is copied.</param>
/// <param name="Content">Its lines, each with its end.</param>
/// <param name="Expands">Variables in it are replaced: its delimiter is not quoted.</param>
public sealed record Heredoc(string Name, string Content, bool Expands);
