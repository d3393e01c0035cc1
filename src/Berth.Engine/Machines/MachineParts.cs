namespace Berth.Engine.Machines;

/// <summary>The read-only files a machine is made of, on the host.</summary>
/// <param name="Kernel">The kernel.</param>
/// <param name="Initrd">The initial RAM disk with the agent.</param>
/// <param name="Disk">The image as a disk.</param>
/// <param name="Config">What berth-vmm is told.</param>
internal sealed record MachineParts(string Kernel, string Initrd, string Disk, string Config);
