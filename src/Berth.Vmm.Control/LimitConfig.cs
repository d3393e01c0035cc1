namespace Berth.Vmm.Control;

/// <summary>A resource limit of a process: getrlimit(2).</summary>
/// <param name="Resource">RLIMIT_* number.</param>
/// <param name="Soft">Current limit; <see cref="ulong.MaxValue"/> for none.</param>
/// <param name="Hard">Ceiling of the current limit.</param>
public sealed record LimitConfig(uint Resource, ulong Soft, ulong Hard);
