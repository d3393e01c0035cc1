using System.Security.Cryptography;
using System.Text;
using Berth.Engine.Configuration;
using Berth.Engine.Instances;
using Berth.Engine.State;
using Berth.Networks.Addresses;

namespace Berth.Engine.Networks;

/// <summary>Networks as the user knows them: bridges, and the two that are none, <c>host</c> and <c>none</c>.</summary>
public sealed class NetworkService
{
    private static readonly string[] ListFilters = ["name", "id", "driver", "scope", "type", "dangling", "label"];
    private static readonly string[] Others = ["host", "none"];

    private readonly EngineContext _context;
    private readonly NetworkRegistry _networks;
    private readonly EndpointTable _endpoints;
    private readonly NetworkFabric _fabric;
    private readonly InstanceNetworks _instances;

    internal NetworkService(EngineContext context, NetworkRegistry networks, EndpointTable endpoints, NetworkFabric fabric, InstanceNetworks instances) =>
        (_context, _networks, _endpoints, _fabric, _instances) = (context, networks, endpoints, fabric, instances);

    /// <summary>All networks that match (filters: name, id, driver, scope, type, dangling, label).</summary>
    public IReadOnlyList<NetworkView> List(FilterSet filters)
    {
        filters.Allow(ListFilters);
        if (filters["type"].FirstOrDefault(static t => t is not ("builtin" or "custom")) is { } type)
            throw EngineException.Invalid($"invalid filter 'type={type}': use builtin or custom");
        bool? dangling = filters.Boolean("dangling");
        return
        [
            .. _networks.All.Select(View).Concat(Others.Select(Other)).OrderBy(static n => n.Name, StringComparer.Ordinal).Where(n =>
                Any("name", value => n.Name.Contains(value, StringComparison.Ordinal)) && Any("id", value => n.Id.StartsWith(value, StringComparison.Ordinal))
                && filters.MatchExact("driver", n.Driver) && filters.MatchExact("scope", n.Scope) && filters.MatchLabels(n.Labels)
                && filters.MatchExact("type", IsPredefined(n.Name) ? "builtin" : "custom")
                && (dangling is not { } wanted || (!IsPredefined(n.Name) && n.Containers.Count == 0) == wanted))
            .Select(static n => n with { Containers = new Dictionary<string, NetworkMember>() }),
        ];

        bool Any(string key, Func<string, bool> matches) => !filters.Has(key) || filters[key].Any(matches);
    }

    /// <summary>One network with the running instances on it; NotFound.</summary>
    public NetworkView Inspect(string nameOrId) => FindOther(nameOrId) is { } other ? Other(other) : View(_networks.Get(nameOrId));

    /// <summary>Makes a bridge network; its bridge comes up with the first instance on it.</summary>
    public NetworkCreateResult Create(NetworkCreateRequest request)
    {
        Network network = _networks.Create(request);
        Publish(network, "create");
        return new NetworkCreateResult(network.Id, "");
    }

    /// <summary>Removes a network; Forbidden when it is a predefined one or a running instance is on it.</summary>
    public async Task RemoveAsync(string nameOrId)
    {
        if (FindOther(nameOrId) is { } other)
            throw new EngineException(EngineErrorKind.Forbidden, $"{other} is a pre-defined network and cannot be removed");
        Network network = _networks.Get(nameOrId);
        if (network.IsDefault)
            throw new EngineException(EngineErrorKind.Forbidden, $"{network.Name} is a pre-defined network and cannot be removed");
        await _instances.SettledAsync();
        if (_endpoints.On(network).FirstOrDefault() is { InstanceId: { } id })
        {
            string name = _context.Registry.Find(id)?.Name ?? id;
            throw new EngineException(EngineErrorKind.Forbidden, $"error while removing network: network {network.Name} has active endpoints (name:\"{name}\"): stop or disconnect them first");
        }
        network.IsRemoved = true;
        await _fabric.TakeDownAsync(network);
        _networks.Remove(network);
        Publish(network, "destroy");
    }

    /// <summary>Removes networks that no instance means to use (filters: label, until).</summary>
    public async Task<NetworkPruneResult> PruneAsync(FilterSet filters)
    {
        filters.Allow("label", "label!", "until");
        DateTimeOffset? until = filters["until"] is [var text, ..] ? DockerTime.Parse(text, "until", _context.Clock.GetUtcNow()) : null;
        HashSet<string> used = [.. _context.Registry.All.SelectMany(static i => i.Definition.NetworkingConfig.EndpointsConfig?.Values ?? []).Select(static e => e?.NetworkID ?? "")];
        var deleted = new List<string>();
        foreach (Network network in _networks.All.Where(n => !n.IsDefault && !used.Contains(n.Id) && filters.MatchPruneLabels(n.Row.Labels) && (until is not { } t || n.Row.CreatedAt < t)).ToList())
        {
            await RemoveAsync(network.Id);
            deleted.Add(network.Name);
        }
        return new NetworkPruneResult(deleted);
    }

    /// <summary>Connects an instance to a network.</summary>
    public Task ConnectAsync(string nameOrId, NetworkConnectRequest request, CancellationToken cancellationToken) => OnInstanceAsync(
        nameOrId, request.Container, (instance, network) => _instances.ConnectAsync(instance, network, request.EndpointConfig ?? new EndpointConfig()), cancellationToken);

    /// <summary>Takes an instance off a network.</summary>
    public Task DisconnectAsync(string nameOrId, NetworkDisconnectRequest request, CancellationToken cancellationToken) =>
        OnInstanceAsync(nameOrId, request.Container, _instances.DisconnectAsync, cancellationToken);

    private async Task OnInstanceAsync(string network, string? container, Func<Instance, Network, Task> change, CancellationToken cancellationToken)
    {
        if (string.IsNullOrEmpty(container))
            throw EngineException.Invalid("Container: no container given");
        if (FindOther(network) is { } other)
            throw new EngineException(EngineErrorKind.Forbidden, $"the network {other} is chosen when an instance is created: create it with --network {other}");
        Network found = _networks.Get(network);
        Instance instance = _context.Registry.Get(container);
        await instance.Gate.WaitAsync(cancellationToken);
        try
        {
            if (_context.Registry.Find(instance.Id) != instance)
                throw EngineException.NotFound($"No such container: {container}");
            await change(instance, found);
        }
        finally
        {
            instance.Gate.Release();
        }
    }

    private NetworkView View(Network network)
    {
        NetworkRow row = network.Row;
        return new NetworkView
        {
            Name = row.Name,
            Id = row.Id,
            Created = DockerTime.Format(row.CreatedAt),
            Driver = "bridge",
            EnableIPv6 = row.IPv6 is not null,
            Internal = row.IsInternal,
            Attachable = row.IsAttachable,
            Labels = row.Labels,
            Options = row.Options,
            IPAM = new IpamView
            {
                Config = [.. network.Bridge.Plans.Zip((SubnetRow?[])[row.IPv4, row.IPv6], static (plan, asked) => new IpamConfig
                {
                    Subnet = plan.Subnet.ToString(),
                    IPRange = asked?.Range,
                    Gateway = plan.Gateway.ToString(),
                    AuxiliaryAddresses = asked?.Auxiliary,
                })],
            },
            Containers = _endpoints.On(network).ToDictionary(static e => e.InstanceId, e => Member(network.Bridge.IPv4, network.Bridge.IPv6, e.InstanceId, e.Endpoint)),
        };
    }

    private NetworkMember Member(AddressPlan first, AddressPlan? second, string instanceId, EndpointRow endpoint) => new(_context.Registry.Find(instanceId)?.Name ?? "")
    {
        EndpointID = endpoint.EndpointId,
        MacAddress = endpoint.Mac,
        IPv4Address = $"{endpoint.IPv4}/{first.Subnet.PrefixLength}",
        IPv6Address = endpoint.IPv6 is null ? "" : $"{endpoint.IPv6}/{second!.Subnet.PrefixLength}",
    };

    private NetworkView Other(string name) => new()
    {
        Name = name,
        Id = IdOf(name),
        Created = DockerTime.Format(DateTimeOffset.UnixEpoch),
        Driver = name == "none" ? "null" : name,
        Containers = _context.Registry.All.Where(i => i.State.IsRunning && i.Definition.HostConfig.NetworkMode == name).ToDictionary(static i => i.Id, static i => new NetworkMember(i.Name)),
    };

    private static string? FindOther(string nameOrId) =>
        Others.FirstOrDefault(name => name == nameOrId || (nameOrId.Length >= 4 && IdOf(name).StartsWith(nameOrId, StringComparison.Ordinal)));

    private static bool IsPredefined(string name) => name == Network.DefaultName || Others.Contains(name);

    // Stable over restarts and machines, so that a client may remember it.
    private static string IdOf(string name) => Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes($"berth network {name}")));

    private void Publish(Network network, string action) =>
        _context.Events.Publish("network", action, network.Id, new Dictionary<string, string> { ["name"] = network.Name, ["type"] = "bridge" });
}
