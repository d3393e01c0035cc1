namespace Berth.Networks.Names;

/// <summary>Types of records that are answered here. [RFC 1035] 3.2.2, [RFC 3596].</summary>
internal enum DnsType : ushort
{
    A = 1,
    Pointer = 12,
    Aaaa = 28,
    Options = 41,
    Any = 255,
}
