using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Berth.Engine.Planning;
using Berth.Engine.State;
using Berth.Networks.Addresses;
using Berth.Networks.Bridges;

namespace Berth.Engine.Networks;

/// <summary>Requests for networks → what the store holds. Everything that cannot be met is refused by name.</summary>
internal static class NetworkDefinitions
{
    private static readonly string[] Predefined = ["bridge", "host", "none", "default"];

    /// <summary>Options that the bridge driver knows; those without effect here are at their only value.</summary>
    private static readonly Dictionary<string, Func<string, bool>> KnownOptions = new()
    {
        [Network.MtuOption] = static value => int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int mtu) && mtu is >= 576 and <= 65535,
        [Network.MasqueradeOption] = IsBoolean,
        ["com.docker.network.bridge.enable_icc"] = static value => value is "true" or "1",
        ["com.docker.network.bridge.default_bridge"] = static value => value is "false" or "0",
        ["com.docker.network.bridge.host_binding_ipv4"] = static value => value is "" or "0.0.0.0",
        ["com.docker.network.enable_ipv6"] = IsBoolean,
    };

    /// <param name="request">The wish.</param>
    /// <param name="id">Its new id.</param>
    /// <param name="now">When.</param>
    /// <param name="names">Names of interfaces.</param>
    /// <param name="chooseSubnet">A free IPv4 subnet.</param>
    public static NetworkRow Define(NetworkCreateRequest request, string id, DateTimeOffset now, InterfaceNames names, Func<IPNetwork> chooseSubnet)
    {
        UnknownFields.Refuse(request.Unknown, "");
        string name = request.Name ?? "";
        if (name.Length is 0 or > 255 || !char.IsAsciiLetterOrDigit(name[0]) || !name.All(static c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '-'))
            throw EngineException.Invalid($"Name: invalid network name \"{name}\": only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed");
        if (Predefined.Contains(name))
            throw new EngineException(EngineErrorKind.Forbidden, $"operation is not permitted on predefined {name} network: choose another name");
        if (request.Driver is not (null or "" or "bridge" or "default"))
            throw EngineException.NotFound($"Driver: network driver \"{request.Driver}\" is not available: use bridge");
        if (request.Scope is not (null or "" or "local"))
            throw EngineException.Invalid($"Scope: \"{request.Scope}\" is not available: use local");
        if (request.Ingress || request.ConfigOnly || !string.IsNullOrEmpty(request.ConfigFrom?.Network))
            throw EngineException.NotImplemented("Ingress, ConfigOnly, ConfigFrom: there is no swarm: leave them out");
        if (request.EnableIPv4 == false)
            throw EngineException.NotImplemented("EnableIPv4: networks without IPv4 are not available: leave --ipv4=false out");
        CheckOptions(request.Options);
        bool v6 = request.EnableIPv6 ?? request.Options?.GetValueOrDefault("com.docker.network.enable_ipv6") is "true" or "1";
        (SubnetRow? v4Subnet, SubnetRow? v6Subnet) = Subnets(request.IPAM, ref v6);
        return new NetworkRow
        {
            Id = id,
            Name = name,
            CreatedAt = now,
            Bridge = names.Bridge(id),
            IPv4 = v4Subnet ?? new SubnetRow { Subnet = chooseSubnet().ToString() },
            IPv6 = v6 ? v6Subnet ?? new SubnetRow { Subnet = SubnetPool.UniqueLocal(id).ToString() } : null,
            HasChosenSubnet = v4Subnet is null,
            IsInternal = request.Internal,
            IsAttachable = request.Attachable,
            Labels = request.Labels ?? new Dictionary<string, string>(),
            Options = request.Options ?? new Dictionary<string, string>(),
        };
    }

    private static void CheckOptions(IReadOnlyDictionary<string, string>? options)
    {
        foreach ((string option, string value) in options ?? new Dictionary<string, string>())
        {
            if (!KnownOptions.TryGetValue(option, out Func<string, bool>? isGood))
                throw EngineException.NotImplemented($"Options: \"{option}\" is not an option of this bridge driver: known are {string.Join(", ", KnownOptions.Keys)}");
            if (!isGood(value))
                throw EngineException.Invalid($"Options: {option}={value} is not available: leave it out");
        }
    }

    private static (SubnetRow? V4, SubnetRow? V6) Subnets(IpamView? ipam, ref bool v6)
    {
        if (ipam?.Driver is not (null or "" or "default"))
            throw EngineException.NotFound($"IPAM.Driver: \"{ipam.Driver}\" is not available: use default");
        if (ipam?.Options is { Count: > 0 })
            throw EngineException.NotImplemented("IPAM.Options: the address management has no options: leave --ipam-opt out");
        SubnetRow? first = null, second = null;
        foreach (IpamConfig config in ipam?.Config ?? [])
        {
            if (config is null or { Subnet: null or "", IPRange: null or "", Gateway: null or "", AuxiliaryAddresses: null or { Count: 0 } })
                continue;
            if (string.IsNullOrEmpty(config.Subnet))
                throw EngineException.Invalid("IPAM.Config: a gateway or range needs its subnet: give --subnet");
            var row = new SubnetRow
            {
                Subnet = config.Subnet,
                Range = string.IsNullOrEmpty(config.IPRange) ? null : config.IPRange,
                Gateway = string.IsNullOrEmpty(config.Gateway) ? null : config.Gateway,
                Auxiliary = config.AuxiliaryAddresses,
            };
            AddressPlan plan = NetworkErrors.Translated(() => AddressPlan.Create(row.Subnet, row.Range, row.Gateway, row.Auxiliary?.Values));
            row = row with { Subnet = plan.Subnet.ToString() };
            bool isFirst = plan.Subnet.BaseAddress.AddressFamily == AddressFamily.InterNetwork;
            if ((isFirst ? first : second) is not null)
                throw EngineException.NotImplemented("IPAM.Config: a network has one subnet a family: leave the further ones out");
            if (isFirst)
                first = row;
            else
                (second, v6) = (row, true);
        }
        return (first, second);
    }

    private static bool IsBoolean(string value) => value is "true" or "false" or "1" or "0";
}
