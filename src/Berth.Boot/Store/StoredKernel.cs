using Berth.Boot.Kernels;

namespace Berth.Boot.Store;

/// <summary>A kernel read from the store and verified. <paramref name="ModulesDirectory"/> is the lib/modules/VERSION of its package, null if it came alone.</summary>
public sealed record StoredKernel(KernelEntry Entry, KernelImage Image, string? ModulesDirectory);
