namespace Berth.Containers.Cgroups;

/// <summary>One counter of a block device.</summary>
/// <param name="Major">Device number.</param>
/// <param name="Minor">Device number.</param>
/// <param name="Operation"><c>read</c>, <c>write</c> and, where the kernel counts them, <c>sync</c>, <c>async</c>, <c>discard</c>, <c>total</c>.</param>
/// <param name="Value">Bytes or requests.</param>
public sealed record BlockIoEntry(ulong Major, ulong Minor, string Operation, ulong Value);
