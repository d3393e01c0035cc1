using Berth.Guest.Protocol;

namespace Berth.Guest;

/// <summary>A network card of a machine as its agent sets it up.</summary>
/// <param name="Mac">Hardware address, by which it is found.</param>
/// <param name="Name">Name it gets.</param>
/// <param name="Mtu">Largest packet in bytes.</param>
/// <param name="Addresses">Addresses with prefix lengths.</param>
/// <param name="Gateways">Where its default routes lead.</param>
public sealed record GuestInterface(string Mac, string Name, int Mtu, IReadOnlyList<string> Addresses, IReadOnlyList<string> Gateways)
{
    internal void Write(PayloadWriter writer) => writer.Text(Mac).Text(Name).UInt32((uint)Mtu).Texts(Addresses).Texts(Gateways);
}
