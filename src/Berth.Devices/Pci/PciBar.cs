using Berth.Machine;

namespace Berth.Devices.Pci;

/// <summary>One base address register's region: its size (a power of two, at least 16 for memory or 4 for ports) and what answers there.</summary>
/// <param name="Index">Register 0 to 5; a 64-bit region also takes the next one.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Memory">What answers in memory space, or null for a port region.</param>
/// <param name="Ports">What answers in port space, or null for a memory region.</param>
/// <param name="Is64Bit">Whether it may lie above 4 GiB.</param>
public sealed record PciBar(int Index, ulong Size, IMmioDevice? Memory, IPortDevice? Ports = null, bool Is64Bit = true);
