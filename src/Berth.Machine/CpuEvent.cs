namespace Berth.Machine;

/// <summary>An interrupt or exception on its way to its handler.</summary>
/// <param name="Vector">Number of its gate.</param>
/// <param name="IsInterrupt">From outside; else a fault of the instruction at RIP.</param>
/// <param name="ErrorCode">What the fault pushes, where it pushes something.</param>
public readonly record struct CpuEvent(byte Vector, bool IsInterrupt, uint? ErrorCode);
