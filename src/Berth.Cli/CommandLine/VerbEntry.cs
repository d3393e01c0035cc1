namespace Berth.Cli.CommandLine;

/// <summary>A verb's place on the command line, as help shows it.</summary>
/// <param name="Path">Words that select it, such as <c>image ls</c>.</param>
/// <param name="Summary">One line of help.</param>
/// <param name="Hidden">Left out of help.</param>
internal sealed record VerbEntry(string Path, string Summary, bool Hidden = false);
