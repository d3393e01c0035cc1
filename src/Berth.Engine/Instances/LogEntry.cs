namespace Berth.Engine.Instances;

/// <summary>A piece of logged output.</summary>
/// <param name="Time">When it was written.</param>
/// <param name="Stream">1 = standard output, 2 = standard error.</param>
/// <param name="Partial">The line goes on in the next entry of this stream.</param>
/// <param name="Data">The bytes, with their line end.</param>
public readonly record struct LogEntry(DateTimeOffset Time, byte Stream, bool Partial, ReadOnlyMemory<byte> Data);
