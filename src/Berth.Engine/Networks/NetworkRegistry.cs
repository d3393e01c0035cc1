using System.Collections.Concurrent;
using System.Net;
using Berth.Engine.Planning;
using Berth.Engine.State;
using Berth.Networks.Addresses;
using Berth.Networks.Bridges;

namespace Berth.Engine.Networks;

/// <summary>All bridge networks, found by id, name or the beginning of an id.</summary>
internal sealed class NetworkRegistry
{
    private readonly ConcurrentDictionary<string, Network> _byId = new(StringComparer.Ordinal);
    private readonly StateStore _store;
    private readonly TimeProvider _clock;
    private readonly IReadOnlyList<SubnetPool> _pools;
    private readonly Lock _changes = new();

    /// <summary>Loads them; the first time makes the default one.</summary>
    public NetworkRegistry(StateStore store, TimeProvider clock, InterfaceNames names, IReadOnlyList<SubnetPool> pools)
    {
        (_store, _clock, Interfaces, _pools) = (store, clock, names, pools);
        foreach (NetworkRow row in store.LoadNetworks())
            _byId[row.Id] = new Network(row);
        if (Find(Network.DefaultName) is null)
            Add(id => new NetworkRow { Id = id, Name = Network.DefaultName, CreatedAt = _clock.GetUtcNow(), Bridge = names.DefaultBridge, IPv4 = new SubnetRow { Subnet = ChooseSubnet().ToString() }, HasChosenSubnet = true });
    }

    public InterfaceNames Interfaces { get; }

    public IEnumerable<Network> All => _byId.Values;

    public Network Default => Get(Network.DefaultName);

    public Network Get(string nameOrId) => Find(nameOrId) ?? throw EngineException.NotFound($"network {nameOrId} not found");

    public Network? Find(string nameOrId)
    {
        if (_byId.TryGetValue(nameOrId, out Network? network) || (network = _byId.Values.FirstOrDefault(n => n.Name == nameOrId)) is not null)
            return network;
        if (nameOrId.Length is 0 or > 64 || !nameOrId.All(char.IsAsciiHexDigitLower))
            return null;
        Network[] candidates = [.. _byId.Values.Where(n => n.Id.StartsWith(nameOrId, StringComparison.Ordinal)).Take(2)];
        return candidates.Length > 1 ? throw EngineException.Invalid($"network {nameOrId} is ambiguous: give more digits") : candidates.FirstOrDefault();
    }

    /// <summary>Checks and records a new network.</summary>
    public Network Create(NetworkCreateRequest request) => Add(id => NetworkDefinitions.Define(request, id, _clock.GetUtcNow(), Interfaces, ChooseSubnet));

    public void Remove(Network network)
    {
        lock (_changes)
        {
            _store.DeleteNetwork(network.Id);
            _byId.TryRemove(network.Id, out _);
        }
    }

    /// <summary>Gives a network whose subnet was chosen another, because somebody else on the host has it now.</summary>
    public void ChooseAgain(Network network)
    {
        lock (_changes)
        {
            NetworkRow row = network.Row with { IPv4 = new SubnetRow { Subnet = NetworkErrors.Translated(ChooseSubnet).ToString() } };
            _store.SaveNetwork(row);
            network.Change(row);
        }
    }

    private Network Add(Func<string, NetworkRow> define)
    {
        lock (_changes)
        {
            NetworkRow row = NetworkErrors.Translated(() => define(InstanceNames.NewId()));
            if (_byId.Values.Any(n => n.Name == row.Name))
                throw EngineException.Conflict($"network with name {row.Name} already exists");
            Network network = NetworkErrors.Translated(() => new Network(row));
            foreach (AddressPlan plan in network.Bridge.Plans)
            {
                if (_byId.Values.FirstOrDefault(n => n.Bridge.Plans.Any(plan.Overlaps)) is { } other)
                    throw new EngineException(EngineErrorKind.Forbidden, $"invalid pool request: Pool overlaps with other one on this address space: {plan.Subnet} overlaps with that of network {other.Name}");
            }
            _store.SaveNetwork(row);
            _byId[row.Id] = network;
            return network;
        }
    }

    private IPNetwork ChooseSubnet() => SubnetPool.Choose(_pools, [.. BridgeDevices.UsedNetworks(), .. _byId.Values.Select(static n => n.Bridge.IPv4.Subnet)]);
}
