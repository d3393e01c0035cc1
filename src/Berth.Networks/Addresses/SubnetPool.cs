using System.Net;
using System.Net.Sockets;

namespace Berth.Networks.Addresses;

/// <summary>Where the subnets of networks come from that were made without one.</summary>
/// <param name="Base">The addresses to divide.</param>
/// <param name="PrefixLength">Size of each subnet.</param>
public sealed record SubnetPool(IPNetwork Base, int PrefixLength)
{
    /// <summary>Private addresses that neither Docker's nor Podman's first networks take.</summary>
    public static IReadOnlyList<SubnetPool> Default { get; } =
    [
        new(IPNetwork.Parse("172.30.0.0/15"), 16),
        new(IPNetwork.Parse("10.208.0.0/12"), 20),
        new(IPNetwork.Parse("192.168.128.0/17"), 24),
    ];

    /// <summary>Reads <c>BASE,PREFIX</c> such as <c>10.99.0.0/16,24</c>.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static SubnetPool Parse(string text)
    {
        int comma = text.IndexOf(',', StringComparison.Ordinal);
        if (comma > 0 && IPNetwork.TryParse(text[..comma], out IPNetwork network) && network.BaseAddress.AddressFamily == AddressFamily.InterNetwork
            && int.TryParse(text[(comma + 1)..], out int prefix) && prefix >= network.PrefixLength && prefix is >= 8 and <= 29)
            return new SubnetPool(network, prefix);
        throw new FormatException($"\"{text}\" is not an address pool: use BASE/BITS,SIZE such as 10.99.0.0/16,24");
    }

    /// <summary>The first subnet that overlaps none of those in use.</summary>
    /// <exception cref="NetworkException">There is none.</exception>
    public static IPNetwork Choose(IReadOnlyList<SubnetPool> pools, IReadOnlyCollection<IPNetwork> used)
    {
        foreach (SubnetPool pool in pools)
        {
            UInt128 step = UInt128.One << (32 - pool.PrefixLength), last = pool.Base.Last();
            for (UInt128 number = pool.Base.First(); number <= last; number += step)
            {
                var candidate = new IPNetwork(AddressNumbers.Address(number, AddressFamily.InterNetwork), pool.PrefixLength);
                if (!used.Any(network => network.Overlaps(candidate)))
                    return candidate;
            }
        }
        throw new NetworkException(NetworkErrorCode.Exhausted, "could not find an available, non-overlapping IPv4 address pool among the defaults to assign to the network: give --subnet");
    }

    /// <summary>A subnet of unique local addresses, the same for the same name. [RFC 4193]</summary>
    public static IPNetwork UniqueLocal(string name)
    {
        byte[] bytes = new byte[16];
        System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(name)).AsSpan(0, 7).CopyTo(bytes.AsSpan(1));
        bytes[0] = 0xFD;
        return new IPNetwork(new IPAddress(bytes), 64);
    }
}
