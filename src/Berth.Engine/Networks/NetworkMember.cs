namespace Berth.Engine.Networks;

/// <summary>An instance on a network.</summary>
/// <param name="Name">Its name.</param>
public sealed record NetworkMember(string Name)
{
    /// <summary>Id of its endpoint.</summary>
    public string EndpointID { get; init; } = "";

    /// <summary>Hardware address.</summary>
    public string MacAddress { get; init; } = "";

    /// <summary>Address and prefix length.</summary>
    public string IPv4Address { get; init; } = "";

    /// <summary>Address and prefix length.</summary>
    public string IPv6Address { get; init; } = "";
}
