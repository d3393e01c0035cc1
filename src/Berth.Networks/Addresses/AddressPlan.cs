using System.Net;
using System.Net.Sockets;

namespace Berth.Networks.Addresses;

/// <summary>The addresses of one network and family: which may be given to endpoints, and the next free one.</summary>
public sealed record AddressPlan
{
    private AddressPlan(IPNetwork subnet, IPNetwork range, IPAddress gateway, IReadOnlySet<IPAddress> reserved) =>
        (Subnet, Range, Gateway, Reserved) = (subnet, range, gateway, reserved);

    /// <summary>All addresses of the network.</summary>
    public IPNetwork Subnet { get; }

    /// <summary>Where addresses are taken from that nobody chose.</summary>
    public IPNetwork Range { get; }

    /// <summary>The bridge's own address.</summary>
    public IPAddress Gateway { get; }

    /// <summary>Addresses that are never given.</summary>
    public IReadOnlySet<IPAddress> Reserved { get; }

    /// <summary>Checks the parts and fills in what is unset: the first address as gateway, the whole subnet as range.</summary>
    /// <exception cref="NetworkException">They do not fit together.</exception>
    public static AddressPlan Create(string subnet, string? range, string? gateway, IEnumerable<string>? reserved)
    {
        IPNetwork all = ParseSubnet(subnet, "subnet");
        AddressFamily family = all.BaseAddress.AddressFamily;
        int smallest = family.Bits() - 2;
        if (all.PrefixLength > smallest)
            throw Invalid($"subnet {subnet} is too small: use a prefix of /{smallest} or less");
        if (all.PrefixLength < 8)
            throw Invalid($"subnet {subnet} is too large: use a prefix of /8 or more");
        IPNetwork part = string.IsNullOrEmpty(range) ? all : ParseSubnet(range, "ip-range");
        if (!all.Contains(part))
            throw Invalid($"ip-range {range} is not inside the subnet {subnet}");
        IPAddress router = string.IsNullOrEmpty(gateway) ? AddressNumbers.Address(all.First() + 1, family) : ParseAddress(gateway, "gateway");
        var plan = new AddressPlan(all, part, router, (reserved ?? []).Select(static text => ParseAddress(text, "auxiliary address")).ToHashSet());
        if (!plan.IsHost(router))
            throw Invalid($"no matching subnet for gateway {gateway}: it is not an address of a host in {subnet}");
        if (plan.Reserved.FirstOrDefault(address => !plan.IsHost(address)) is { } stray)
            throw Invalid($"no matching subnet for aux-address {stray}: it is not an address of a host in {subnet}");
        return plan;
    }

    /// <summary>Whether some address belongs to both.</summary>
    public bool Overlaps(AddressPlan other) => Subnet.Overlaps(other.Subnet);

    /// <summary>Whether an endpoint may have this address.</summary>
    public bool MayBeGiven(IPAddress address) => IsHost(address) && !address.Equals(Gateway) && !Reserved.Contains(address);

    /// <summary>The lowest free address of the range; null when none is left.</summary>
    public IPAddress? NextFree(Func<IPAddress, bool> isTaken)
    {
        AddressFamily family = Subnet.BaseAddress.AddressFamily;
        UInt128 last = Range.Last();
        for (UInt128 number = Range.First(); ; number++)
        {
            IPAddress address = AddressNumbers.Address(number, family);
            if (MayBeGiven(address) && !isTaken(address))
                return address;
            if (number == last)
                return null;
        }
    }

    // Neither the network's own number nor, in IPv4, the broadcast address.
    private bool IsHost(IPAddress address) => address.AddressFamily == Subnet.BaseAddress.AddressFamily && Subnet.Contains(address)
        && address.Number() != Subnet.First() && (address.AddressFamily == AddressFamily.InterNetworkV6 || address.Number() != Subnet.Last());

    private static IPNetwork ParseSubnet(string text, string what)
    {
        int slash = text.IndexOf('/', StringComparison.Ordinal);
        if (slash > 0 && IPAddress.TryParse(text[..slash], out IPAddress? address) && int.TryParse(text[(slash + 1)..], out int prefix)
            && prefix >= 0 && prefix <= address.AddressFamily.Bits() && !text.Contains('%', StringComparison.Ordinal))
        {
            int hostBits = address.AddressFamily.Bits() - prefix;
            UInt128 number = hostBits == 128 ? 0 : address.Number() >> hostBits << hostBits;
            return new IPNetwork(AddressNumbers.Address(number, address.AddressFamily), prefix);
        }
        throw Invalid($"invalid {what} {text}: use a form such as 10.5.0.0/16 or fd00:5::/64");
    }

    private static IPAddress ParseAddress(string text, string what) =>
        !text.Contains('%', StringComparison.Ordinal) && IPAddress.TryParse(text, out IPAddress? address) ? address : throw Invalid($"invalid {what} {text}: it is not an IP address");

    private static NetworkException Invalid(string message) => new(NetworkErrorCode.Invalid, message);
}
