namespace Berth.Machine;

/// <summary>Result of one <see cref="IVirtualCpu.Run"/>. <paramref name="Detail"/> is for logs.</summary>
public readonly record struct CpuExit(CpuExitReason Reason, string? Detail = null);
