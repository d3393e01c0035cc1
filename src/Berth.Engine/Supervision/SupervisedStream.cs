namespace Berth.Engine.Supervision;

/// <summary>A process's streams and the way to end its input.</summary>
internal sealed record SupervisedStream(Stream Stream, Action CompleteInput);
