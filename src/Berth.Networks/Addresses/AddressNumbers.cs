using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Berth.Networks.Addresses;

/// <summary>IP addresses as numbers to count with.</summary>
internal static class AddressNumbers
{
    public static int Bits(this AddressFamily family) => family == AddressFamily.InterNetwork ? 32 : 128;

    public static UInt128 Number(this IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out int length);
        return length == 4 ? BinaryPrimitives.ReadUInt32BigEndian(bytes) : BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }

    public static IPAddress Address(UInt128 number, AddressFamily family)
    {
        Span<byte> bytes = stackalloc byte[16];
        if (family == AddressFamily.InterNetwork)
        {
            BinaryPrimitives.WriteUInt32BigEndian(bytes, (uint)number);
            return new IPAddress(bytes[..4]);
        }
        BinaryPrimitives.WriteUInt128BigEndian(bytes, number);
        return new IPAddress(bytes);
    }

    public static UInt128 First(this IPNetwork network) => network.BaseAddress.Number();

    public static UInt128 Last(this IPNetwork network)
    {
        int hostBits = network.BaseAddress.AddressFamily.Bits() - network.PrefixLength;
        return network.First() | (hostBits == 128 ? UInt128.MaxValue : (UInt128.One << hostBits) - 1);
    }

    public static bool Overlaps(this IPNetwork network, IPNetwork other) => network.BaseAddress.AddressFamily == other.BaseAddress.AddressFamily
        && (network.PrefixLength <= other.PrefixLength ? network.Contains(other.BaseAddress) : other.Contains(network.BaseAddress));

    public static bool Contains(this IPNetwork network, IPNetwork inner) => network.PrefixLength <= inner.PrefixLength && network.Overlaps(inner);
}
