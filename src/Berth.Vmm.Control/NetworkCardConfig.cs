namespace Berth.Vmm.Control;

/// <summary>A network card of a machine.</summary>
/// <param name="Descriptor">The tap that berth-vmm was started with: an open descriptor, one frame a read or write.</param>
/// <param name="Mac">Hardware address as <c>02:42:ac:11:00:02</c>.</param>
/// <param name="Name">Name in the guest.</param>
/// <param name="Mtu">Largest packet in bytes.</param>
/// <param name="Addresses">Addresses with prefix lengths.</param>
/// <param name="Gateways">Where its default routes lead.</param>
public sealed record NetworkCardConfig(int Descriptor, string Mac, string Name, int Mtu, IReadOnlyList<string> Addresses, IReadOnlyList<string> Gateways);
