using Berth.Boot.Layout;

namespace Berth.Boot.Kernels;

/// <summary>What both boot protocols tell a kernel; addresses are guest-physical.</summary>
internal sealed record BootParameters(IReadOnlyList<E820Entry> Map, ulong InitrdAddress, int InitrdLength, ulong RsdpAddress);
