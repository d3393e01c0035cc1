namespace Berth.Containers.Supervision;

/// <summary>A place in a log: file sequence number and byte offset in that file.</summary>
internal sealed record LogPositionMessage(long Sequence, long Offset);
