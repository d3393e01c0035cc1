namespace Berth.Images.Building;

/// <summary>One file or directory that a COPY takes.</summary>
/// <param name="Path">Where it is in its root, links followed.</param>
/// <param name="Name">Its own name, before links were followed; empty for a root.</param>
/// <param name="Kept">Its path as <c>--parents</c> keeps it.</param>
/// <param name="IsDirectory">It is a directory, whose content is taken.</param>
internal sealed record SourceFile(string Path, string Name, string Kept, bool IsDirectory);
