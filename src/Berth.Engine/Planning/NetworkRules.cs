using Berth.Engine.Configuration;
using Berth.Engine.Networks;

namespace Berth.Engine.Planning;

/// <summary>Which wishes for networks and ports fit together; what needs the networks themselves is resolved by <see cref="Resolve"/>.</summary>
internal static class NetworkRules
{
    public const string DiscardedPorts = "Published ports are discarded when using host network mode";

    public static void Check(CreateRequest request, List<string> warnings)
    {
        HostConfig host = request.HostConfig;
        string mode = host.NetworkMode ?? "";
        if (mode == "container:")
            throw EngineException.Invalid("HostConfig.NetworkMode: invalid container format container:<name|id>");
        LinkNames.Check(host.Links, "HostConfig.Links");
        bool publishes = PortPlan.Read(request.Config, host).Count > 0;
        foreach (string port in request.Config.ExposedPorts?.Keys ?? [])
            PortPlan.CheckExposed(port);
        if (!string.IsNullOrEmpty(request.Config.MacAddress))
            EndpointRules.CheckMac(request.Config.MacAddress, "MacAddress");
        if (mode == "host" && request.Config.NetworkDisabled == true)
            throw EngineException.Invalid("NetworkDisabled: conflicts with NetworkMode host: give one of the two");
        if (publishes && mode == "host")
            warnings.Add(DiscardedPorts);
        if (!mode.StartsWith("container:", StringComparison.Ordinal))
            return;
        if (!string.IsNullOrEmpty(request.Config.Hostname))
            throw EngineException.Invalid("Hostname: conflicting options: hostname and the network mode");
        if (host.Dns is { Count: > 0 } || host.ExtraHosts is { Count: > 0 })
            throw EngineException.Invalid("HostConfig.Dns/ExtraHosts: conflicting options: the joined instance decides them");
        if (publishes)
            throw EngineException.Invalid("HostConfig.PortBindings: conflicting options: port publishing and the container type network mode: publish them on the joined instance");
    }

    /// <summary>The request's networks by their names, with the mode's own network first among them and each with its id.</summary>
    /// <exception cref="EngineException">NotFound: there is no such network.</exception>
    public static (string Mode, NetworkingConfig Config) Resolve(CreateRequest request, NetworkRegistry networks)
    {
        string mode = request.HostConfig.NetworkMode is { Length: > 0 } asked and not "default" ? asked : Network.DefaultName;
        bool none = mode is "none" or "host" || mode.StartsWith("container:", StringComparison.Ordinal);
        IReadOnlyDictionary<string, EndpointConfig?> wishes = request.NetworkingConfig.EndpointsConfig ?? new Dictionary<string, EndpointConfig?>();
        if (none)
        {
            if (wishes.Keys.FirstOrDefault(name => name != mode && name != "default") is { } other)
                throw EngineException.Invalid($"NetworkingConfig.EndpointsConfig: conflicting options: the network mode {mode} and the network {other}: leave one of them out");
            return (mode, new NetworkingConfig());
        }
        mode = networks.Get(mode).Name;
        var resolved = new Dictionary<string, EndpointConfig?> { [mode] = new EndpointConfig { NetworkID = networks.Get(mode).Id } };
        foreach ((string name, EndpointConfig? wish) in wishes)
        {
            if (name is "none" or "host")
                throw EngineException.Invalid($"NetworkingConfig.EndpointsConfig: conflicting options: the network {name} cannot be combined with others");
            Network network = networks.Get(name == "default" ? Network.DefaultName : name);
            resolved[network.Name] = EndpointRules.Checked(wish ?? new EndpointConfig(), network, $"NetworkingConfig.EndpointsConfig[{name}]");
        }
        return (mode, new NetworkingConfig { EndpointsConfig = resolved });
    }
}
