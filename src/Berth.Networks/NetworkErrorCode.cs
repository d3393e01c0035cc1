namespace Berth.Networks;

/// <summary>What kept a network from being made or used.</summary>
public enum NetworkErrorCode
{
    /// <summary>A subnet, gateway or address does not fit.</summary>
    Invalid,

    /// <summary>An address, subnet or port belongs to somebody else.</summary>
    Taken,

    /// <summary>No address or subnet is left.</summary>
    Exhausted,

    /// <summary>The host lacks a program or a feature of its kernel.</summary>
    HostLacks,
}
