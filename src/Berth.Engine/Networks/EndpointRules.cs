using System.Net;
using System.Net.Sockets;
using Berth.Containers.Interfaces;
using Berth.Engine.Configuration;
using Berth.Engine.Planning;

namespace Berth.Engine.Networks;

/// <summary>Checks the wishes for one endpoint.</summary>
internal static class EndpointRules
{
    private const int MaxAliases = 64;

    /// <summary>The wishes alone, without facts that a client may have sent along, under the network's id.</summary>
    public static EndpointConfig Checked(EndpointConfig wish, Network network, string field)
    {
        Check(wish, network, field);
        return new EndpointConfig
        {
            NetworkID = network.Id,
            IPAMConfig = wish.IPAMConfig,
            Aliases = wish.Aliases,
            Links = wish.Links,
            MacAddress = wish.MacAddress,
            GwPriority = wish.GwPriority,
        };
    }

    private static void Check(EndpointConfig wish, Network network, string field)
    {
        UnknownFields.Refuse(wish.Unknown, field + ".");
        LinkNames.Check(wish.Links, $"{field}.Links");
        if (wish.DriverOpts is { Count: > 0 })
            throw EngineException.NotImplemented($"{field}.DriverOpts: endpoints have no options: leave --driver-opt out");
        if (wish.Aliases is { Count: > MaxAliases } || wish.Aliases?.Any(static a => a is null || !HostsFile.IsWord(a)) == true)
            throw EngineException.Invalid($"{field}.Aliases: use at most {MaxAliases} names of letters, digits, '-', '_' and '.'");
        if (!string.IsNullOrEmpty(wish.MacAddress))
            CheckMac(wish.MacAddress, $"{field}.MacAddress");
        if (wish.IPAMConfig is not { } fixedAddresses)
            return;
        if (fixedAddresses.LinkLocalIPs is { Count: > 0 })
            throw EngineException.NotImplemented($"{field}.IPAMConfig.LinkLocalIPs: link-local addresses are not available: leave --link-local-ip out");
        Check(fixedAddresses.IPv4Address, AddressFamily.InterNetwork);
        Check(fixedAddresses.IPv6Address, AddressFamily.InterNetworkV6);

        void Check(string? text, AddressFamily family)
        {
            if (string.IsNullOrEmpty(text))
                return;
            if (text.Contains('%', StringComparison.Ordinal) || !IPAddress.TryParse(text, out IPAddress? address) || address.AddressFamily != family)
                throw EngineException.Invalid($"{field}.IPAMConfig: invalid address {text}");
            if (network.IsDefault)
                throw EngineException.Invalid($"{field}.IPAMConfig: invalid config for network bridge: user specified IP address is supported on user defined networks only: make one with network create --subnet");
            if (!network.Bridge.Plans.Any(plan => plan.MayBeGiven(address)))
                throw EngineException.Invalid($"{field}.IPAMConfig: invalid address {text}: it does not belong to any of this network's subnets: use one of {string.Join(", ", network.Bridge.Plans.Select(static p => p.Subnet))}");
        }
    }

    /// <summary>A hardware address of one interface, not of a group.</summary>
    public static void CheckMac(string text, string field)
    {
        try
        {
            if ((HardwareAddress.Parse(text)[0] & 1) == 0)
                return;
        }
        catch (FormatException)
        {
            // Told below.
        }
        throw EngineException.Invalid($"{field}: invalid MAC address: {text}: use a form such as 02:42:0a:00:00:05");
    }
}
