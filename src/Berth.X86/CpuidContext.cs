namespace Berth.X86;

/// <summary>What CPUID answers depend on besides the model.</summary>
public readonly record struct CpuidContext(int ApicId, int CpuCount, ulong TscFrequency, bool Osxsave, ulong Xcr0);
