using System.Net;

namespace Berth.Networks.Filtering;

/// <summary>A port of the host that leads to an endpoint.</summary>
/// <param name="Protocol"><c>tcp</c> or <c>udp</c>.</param>
/// <param name="HostAddress">Address of the host; 0.0.0.0 or :: for all.</param>
/// <param name="HostPort">Port of the host.</param>
/// <param name="Target">The endpoint's address; of the other family only a proxy serves it.</param>
/// <param name="TargetPort">The endpoint's port.</param>
public sealed record PublishedPort(string Protocol, IPAddress HostAddress, ushort HostPort, IPAddress Target, ushort TargetPort);
