namespace Berth.Networks.Names;

/// <summary>[RFC 1035] 4.1.1, RCODE.</summary>
internal enum DnsResponseCode : byte
{
    NoError = 0,
    FormatError = 1,
    ServerFailure = 2,
    NoSuchName = 3,
    NotImplemented = 4,
    Refused = 5,
}
