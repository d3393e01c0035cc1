using Berth.Engine.Configuration;

namespace Berth.Engine.Planning;

/// <summary>Which network wishes can be met today: none, host, another instance's, and loopback in place of a bridge.</summary>
internal static class NetworkRules
{
    public const string BridgeWarning = "NetworkMode: bridge networking is not available yet: the instance has a loopback interface only; use --network host to reach other machines, or --network none";

    public const string MachineWarning = "NetworkMode: bridge networking is not available yet: the virtual machine has a loopback interface only";

    public static void Check(CreateRequest request, List<string> warnings)
    {
        HostConfig host = request.HostConfig;
        string mode = host.NetworkMode ?? "";
        bool known = mode is "" or "default" or "bridge" or "none" or "host" || (mode.StartsWith("container:", StringComparison.Ordinal) && mode.Length > 10);
        if (!known)
            throw EngineException.NotImplemented($"HostConfig.NetworkMode: network \"{mode}\" is not available: user-defined networks are not available yet, use none, host or container:<name|id>");
        if (host.PortBindings is { Count: > 0 })
            throw EngineException.NotImplemented("HostConfig.PortBindings: publishing ports is not available yet: use --network host, where the workload listens on the host's own ports");
        if (host.PublishAllPorts)
            throw EngineException.NotImplemented("HostConfig.PublishAllPorts: publishing ports is not available yet: use --network host, where the workload listens on the host's own ports");
        if (host.Links is { Count: > 0 })
            throw EngineException.NotImplemented("HostConfig.Links: links are not available: use --network container:<name|id> or --network host");
        if (mode == "host" && request.Config.NetworkDisabled == true)
            throw EngineException.Invalid("NetworkDisabled: conflicts with NetworkMode host: give one of the two");
        if (mode.StartsWith("container:", StringComparison.Ordinal))
        {
            if (!string.IsNullOrEmpty(request.Config.Hostname))
                throw EngineException.Invalid("Hostname: conflicting options: hostname and the network mode");
            if (host.Dns is { Count: > 0 } || host.ExtraHosts is { Count: > 0 })
                throw EngineException.Invalid("HostConfig.Dns/ExtraHosts: conflicting options: the joined instance decides them");
        }
        foreach ((string network, EndpointConfig? endpoint) in request.NetworkingConfig.EndpointsConfig ?? new Dictionary<string, EndpointConfig?>())
            CheckEndpoint(network, mode, endpoint);
        if (mode == "bridge" && request.Config.NetworkDisabled != true)
            warnings.Add(host.IsMachine ? MachineWarning : BridgeWarning);
    }

    private static void CheckEndpoint(string network, string mode, EndpointConfig? endpoint)
    {
        if (network != mode && network is not ("default" or "bridge" or "none" or "host"))
            throw EngineException.NotImplemented($"NetworkingConfig.EndpointsConfig: network \"{network}\" is not available: user-defined networks are not available yet, use none, host or container:<name|id>");
        if (endpoint is null)
            return;
        UnknownFields.Refuse(endpoint.Unknown, $"NetworkingConfig.EndpointsConfig[{network}].");
        bool wishes = endpoint.Links is { Count: > 0 } || endpoint.Aliases is { Count: > 0 } || !string.IsNullOrEmpty(endpoint.MacAddress) || endpoint.DriverOpts is { Count: > 0 }
            || endpoint.IPAMConfig is { } ipam && (!string.IsNullOrEmpty(ipam.IPv4Address) || !string.IsNullOrEmpty(ipam.IPv6Address) || ipam.LinkLocalIPs is { Count: > 0 });
        if (wishes)
            throw EngineException.NotImplemented($"NetworkingConfig.EndpointsConfig[{network}]: addresses, aliases and links need networks, which are not available yet: leave --ip, --network-alias, --link and --mac-address out");
    }
}
