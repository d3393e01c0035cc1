namespace Berth.Containers.Logs;

/// <summary>A line, or a piece of one, as a process wrote it.</summary>
/// <param name="UnixNanoseconds">When it was read from the process.</param>
/// <param name="Stream">Standard output or standard error.</param>
/// <param name="Text">Its bytes, with the line's end if it has one. Valid until the next entry is asked for.</param>
/// <param name="StartsLine">Begins a line of its stream: the place for a timestamp.</param>
/// <param name="Partial">Does not end its line: a long line's piece, a prompt, or the last words of a process.</param>
public readonly record struct LogEntry(long UnixNanoseconds, StdioChannel Stream, ReadOnlyMemory<byte> Text, bool StartsLine, bool Partial);
