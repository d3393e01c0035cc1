using Berth.Boot.Kernels;

namespace Berth.Boot.Store;

/// <summary>A kernel read from the store and verified.</summary>
/// <param name="Entry">What is known of it.</param>
/// <param name="Image">Its contents.</param>
/// <param name="Path">The kernel's file.</param>
/// <param name="ModulesDirectory">The lib/modules/VERSION of its package, null if it came alone.</param>
public sealed record StoredKernel(KernelEntry Entry, KernelImage Image, string Path, string? ModulesDirectory);
