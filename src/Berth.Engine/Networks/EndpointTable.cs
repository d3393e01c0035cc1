using System.Net;
using Berth.Engine.State;
using Berth.Networks;
using Berth.Networks.Addresses;
using Berth.Networks.Names;

namespace Berth.Engine.Networks;

/// <summary>
/// Which running instance has which addresses and names, in memory and in the store. An address belongs to one endpoint until its interface is
/// known to be gone. Safe for concurrent use.
/// </summary>
internal sealed class EndpointTable(StateStore store, NetworkRegistry networks) : INameDirectory
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, AttachmentRow> _attachments = new(StringComparer.Ordinal);
    private readonly Dictionary<IPAddress, (string InstanceId, EndpointRow Endpoint)> _owners = [];
    private readonly Dictionary<(string Network, string Name), List<EndpointRow>> _names = [];

    public IReadOnlyList<AttachmentRow> All
    {
        get
        {
            lock (_lock)
                return [.. _attachments.Values];
        }
    }

    public AttachmentRow? Find(string instanceId)
    {
        lock (_lock)
            return _attachments.GetValueOrDefault(instanceId);
    }

    public IEnumerable<(string InstanceId, EndpointRow Endpoint)> On(Network network) =>
        All.SelectMany(a => a.Endpoints.Where(e => e.NetworkId == network.Id).Select(e => (a.InstanceId, e)));

    /// <summary>Takes what the store holds from an earlier life.</summary>
    public void Load()
    {
        foreach (AttachmentRow row in store.LoadAttachments())
            Put(row);
    }

    /// <summary>Takes addresses: the wanted ones, or the lowest that are free and that no other instance means to have.</summary>
    /// <exception cref="EngineException">One is taken or does not fit, or none is left.</exception>
    public (IPAddress IPv4, IPAddress? IPv6) Take(string instanceId, Network network, IPAddress? wanted4, IPAddress? wanted6, IReadOnlySet<IPAddress> promised)
    {
        lock (_lock)
        {
            IPAddress first = Choose(network, network.Bridge.IPv4, wanted4, promised);
            IPAddress? second = network.Bridge.IPv6 is { } plan ? Choose(network, plan, wanted6, promised) : null;
            // Nobody else takes them from here on; the endpoint follows.
            var holder = new EndpointRow { NetworkId = network.Id, EndpointId = "", Interface = "", HostInterface = "", Mac = "", IPv4 = first.ToString(), Names = [] };
            _owners[first] = (instanceId, holder);
            if (second is not null)
                _owners[second] = (instanceId, holder);
            return (first, second);
        }
    }

    /// <summary>Gives addresses back that were taken and not attached.</summary>
    public void GiveBack(IPAddress first, IPAddress? second)
    {
        lock (_lock)
        {
            _owners.Remove(first);
            if (second is not null)
                _owners.Remove(second);
        }
    }

    /// <summary>Records how an instance hangs on its networks, in place of what was known.</summary>
    public void Save(AttachmentRow row)
    {
        store.SaveAttachment(row);
        Put(row);
    }

    /// <summary>Nobody finds it by name any more; its addresses stay its own.</summary>
    public void Hide(string instanceId)
    {
        lock (_lock)
        {
            if (_attachments.GetValueOrDefault(instanceId) is { } row)
                Unname(row);
        }
    }

    /// <summary>Its interfaces are gone: the addresses are free.</summary>
    public void Remove(string instanceId)
    {
        lock (_lock)
        {
            if (!_attachments.Remove(instanceId, out AttachmentRow? row))
                return;
            Unname(row);
            Disown(row);
        }
        store.DeleteAttachment(instanceId);
    }

    /// <inheritdoc/>
    public NameReply Find(IPAddress client, string name)
    {
        lock (_lock)
        {
            if (!_owners.TryGetValue(client, out (string InstanceId, EndpointRow Endpoint) owner) || !_attachments.TryGetValue(owner.InstanceId, out AttachmentRow? asking))
                return NameReply.Refused;
            List<IPAddress> found = [];
            name = asking.Links?.GetValueOrDefault(name) ?? name;
            foreach (EndpointRow own in asking.Endpoints)
            {
                string suffix = "." + (networks.Find(own.NetworkId)?.Name.ToLowerInvariant() ?? "");
                if (_names.TryGetValue((own.NetworkId, name), out List<EndpointRow>? named)
                    || (name.EndsWith(suffix, StringComparison.Ordinal) && _names.TryGetValue((own.NetworkId, name[..^suffix.Length]), out named)))
                    found.AddRange(named.SelectMany(Addresses));
            }
            if (found.Count > 0)
            {
                // Each asker starts at another one of several.
                int first = Random.Shared.Next(found.Count);
                return new NameReply { Addresses = [.. found[first..], .. found[..first]] };
            }
            return Elsewhere(asking);
        }
    }

    /// <inheritdoc/>
    public NameReply FindName(IPAddress client, IPAddress address)
    {
        lock (_lock)
        {
            if (!_owners.TryGetValue(client, out (string InstanceId, EndpointRow Endpoint) owner) || !_attachments.TryGetValue(owner.InstanceId, out AttachmentRow? asking))
                return NameReply.Refused;
            if (_owners.TryGetValue(address, out (string InstanceId, EndpointRow Endpoint) other) && asking.Endpoints.Any(e => e.NetworkId == other.Endpoint.NetworkId)
                && other.Endpoint.Names is [var name, ..] && networks.Find(other.Endpoint.NetworkId) is { } network)
                return new NameReply { Pointer = $"{name}.{network.Name}" };
            return Elsewhere(asking);
        }
    }

    // Who can reach nothing outside shall not send names there either.
    private NameReply Elsewhere(AttachmentRow asking)
    {
        if (asking.Endpoints.All(e => networks.Find(e.NetworkId)?.Bridge.IsInternal != false))
            return NameReply.Refused;
        return new NameReply { Forward = asking.Resolvers is { Count: > 0 } own ? [.. own.Select(IPAddress.Parse)] : HostResolvers.Read() };
    }

    private IPAddress Choose(Network network, AddressPlan plan, IPAddress? wanted, IReadOnlySet<IPAddress> promised)
    {
        if (wanted is null)
        {
            return plan.NextFree(address => _owners.ContainsKey(address) || promised.Contains(address))
                ?? throw NetworkErrors.Translate(new NetworkException(NetworkErrorCode.Exhausted, $"no available IPv{(plan == network.Bridge.IPv4 ? 4 : 6)} addresses on network {network.Name}: remove instances, or make a larger network"));
        }
        if (!plan.MayBeGiven(wanted))
            throw EngineException.Invalid($"invalid address {wanted}: it does not belong to the hosts of any of this network's subnets: use one of {plan.Subnet}");
        return _owners.ContainsKey(wanted) ? throw EngineException.Conflict($"Address already in use: {wanted} on network {network.Name}") : wanted;
    }

    private void Put(AttachmentRow row)
    {
        lock (_lock)
        {
            if (_attachments.TryGetValue(row.InstanceId, out AttachmentRow? old))
            {
                Unname(old);
                Disown(old);
            }
            _attachments[row.InstanceId] = row;
            foreach (EndpointRow endpoint in row.Endpoints)
            {
                foreach (IPAddress address in Addresses(endpoint))
                    _owners[address] = (row.InstanceId, endpoint);
                foreach (string name in endpoint.Names)
                {
                    if (!_names.TryGetValue((endpoint.NetworkId, name), out List<EndpointRow>? named))
                        _names[(endpoint.NetworkId, name)] = named = [];
                    named.Add(endpoint);
                }
            }
        }
    }

    private void Unname(AttachmentRow row)
    {
        foreach (EndpointRow endpoint in row.Endpoints)
        {
            foreach (string name in endpoint.Names)
            {
                if (_names.TryGetValue((endpoint.NetworkId, name), out List<EndpointRow>? named) && named.RemoveAll(e => e.EndpointId == endpoint.EndpointId) > 0 && named.Count == 0)
                    _names.Remove((endpoint.NetworkId, name));
            }
        }
    }

    private void Disown(AttachmentRow row)
    {
        foreach (IPAddress address in row.Endpoints.SelectMany(Addresses))
            _owners.Remove(address);
    }

    private static IEnumerable<IPAddress> Addresses(EndpointRow endpoint)
    {
        yield return IPAddress.Parse(endpoint.IPv4);
        if (endpoint.IPv6 is { } second)
            yield return IPAddress.Parse(second);
    }
}
