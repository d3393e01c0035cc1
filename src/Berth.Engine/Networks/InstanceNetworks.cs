using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using Berth.Engine.Configuration;
using Berth.Engine.Instances;
using Berth.Engine.Machines;
using Berth.Engine.Planning;
using Berth.Engine.State;
using Berth.Linux;
using Berth.Networks.Bridges;

namespace Berth.Engine.Networks;

/// <summary>Hangs instances on their networks when they start and takes them off when they end. The callers hold the instance's gate.</summary>
internal sealed class InstanceNetworks(EngineContext context, NetworkRegistry networks, EndpointTable endpoints, NetworkFabric fabric)
{
    private readonly ConcurrentDictionary<string, Task> _leaving = new(StringComparer.Ordinal);
    private readonly RunningNetworks _changes = new(context, networks, endpoints, fabric);

    /// <summary>Takes addresses and ports and makes everything ready but the interfaces themselves.</summary>
    /// <exception cref="EngineException">Something is not to be had; nothing is taken then.</exception>
    public async Task<InstanceAttachment> AttachAsync(Instance instance)
    {
        InstanceDefinition definition = instance.Definition;
        if (_leaving.TryGetValue(instance.Id, out Task? leaving))
            await leaving;
        (Network Network, EndpointConfig Wish)[] wanted = [.. Wanted(definition)];
        if (wanted.Length == 0)
            return InstanceAttachment.None;
        foreach ((Network network, _) in wanted)
            await fabric.EnsureUpAsync(network);
        Network? gateway = GatewayOf(wanted);
        var taken = new List<EndpointRow>();
        try
        {
            foreach ((Network network, EndpointConfig wish) in wanted)
                taken.Add(Take(instance, network, wish, $"eth{taken.Count}", network == gateway));
            AttachmentRow row = new() { InstanceId = instance.Id, Endpoints = taken, Resolvers = definition.HostConfig.Dns, Links = LinkNames.Of(definition) };
            if (taken.Find(static e => e.IsGateway) is { } target && PortPlan.Read(definition.Config, definition.HostConfig) is { Count: > 0 } wishes)
                row = row with { Ports = fabric.Publish(instance.Id, wishes, target) };
            endpoints.Save(row);
            foreach ((Network network, _) in wanted)
                PublishEvent(network, "connect", instance.Id);
            return new InstanceAttachment([.. taken.Select(e => AttachmentFacts.Interface(networks, e))], row.Ports.Count > 0 ? fabric.ApplyRulesAsync() : Task.CompletedTask);
        }
        catch
        {
            fabric.Unpublish(instance.Id);
            foreach (EndpointRow endpoint in taken)
                endpoints.GiveBack(IPAddress.Parse(endpoint.IPv4), endpoint.IPv6 is { } second ? IPAddress.Parse(second) : null);
            throw;
        }
    }

    /// <summary>It ended: its ports and names go at once, its interfaces and addresses a moment later, in this order.</summary>
    public void Leave(string instanceId)
    {
        if (endpoints.Find(instanceId) is not { } attachment)
            return;
        fabric.Unpublish(instanceId);
        endpoints.Hide(instanceId);
        foreach (EndpointRow endpoint in attachment.Endpoints)
        {
            if (networks.Find(endpoint.NetworkId) is { } network)
                PublishEvent(network, "disconnect", instanceId);
        }
        Task leaving = Task.Run(() => TakeOffAsync(attachment));
        _leaving[instanceId] = leaving;
        _ = leaving.ContinueWith(done => _leaving.TryRemove(new KeyValuePair<string, Task>(instanceId, done)), TaskScheduler.Default);
    }

    /// <summary>Waits until the interfaces of those that ended are gone.</summary>
    public Task SettledAsync() => Task.WhenAll(_leaving.Values);

    /// <summary>Forgets what no longer runs, then makes the host's side fit the rest.</summary>
    public async Task ReconcileAsync()
    {
        foreach (AttachmentRow row in endpoints.All)
        {
            if (context.Registry.Find(row.InstanceId) is not { State.IsRunning: true })
                Leave(row.InstanceId);
        }
        await SettledAsync();
        await fabric.ReconcileAsync();
        // Beside everything else: a guest may take its time.
        foreach (Instance instance in context.Registry.All.Where(i => _changes.Unwanted(i).Count > 0))
            _ = Task.Run(() => _changes.ReconcileAsync(instance, () => GatewayOf([.. Wanted(instance.Definition)])));
    }

    /// <summary>Connects an instance to one more network, at once if it runs.</summary>
    public async Task ConnectAsync(Instance instance, Network network, EndpointConfig wish)
    {
        InstanceDefinition definition = instance.Definition;
        if (Wanted(definition).Any(w => w.Network == network))
            throw new EngineException(EngineErrorKind.Forbidden, $"endpoint with name {instance.Name} already exists in network {network.Name}");
        if (HasNoNetworkOfItsOwn(definition))
            throw EngineException.Invalid($"container {instance.Name} has the network mode {definition.HostConfig.NetworkMode} and cannot be connected to others: create it with --network {network.Name}");
        if (definition.IsMachine)
            MachineRules.CheckCards(Wanted(definition).Count() + 1);
        wish = EndpointRules.Checked(wish, network, $"NetworkingConfig.EndpointsConfig[{network.Name}]");
        if (instance.State.IsRunning)
            await _changes.ConnectAsync(instance, network, (name, isGateway) => Take(instance, network, wish, name, isGateway));
        try
        {
            Save(instance, definition.NetworkingConfig.EndpointsConfig, endpoints => endpoints[network.Name] = wish);
        }
        catch (EngineException) when (instance.State.IsRunning)
        {
            await _changes.DisconnectAsync(instance, network, null);
            throw;
        }
    }

    /// <summary>Takes an instance off a network, at once if it runs.</summary>
    public async Task DisconnectAsync(Instance instance, Network network)
    {
        InstanceDefinition definition = instance.Definition;
        string? key = definition.NetworkingConfig.EndpointsConfig?.FirstOrDefault(e => e.Value?.NetworkID == network.Id).Key;
        if (key is null)
            throw new EngineException(EngineErrorKind.Forbidden, $"container {instance.Id} is not connected to network {network.Name}");
        RunningNetworks.RefusePausedMachine(instance);
        Save(instance, definition.NetworkingConfig.EndpointsConfig, endpoints => endpoints.Remove(key));
        if (instance.State.IsRunning)
            await _changes.DisconnectAsync(instance, network, GatewayOf([.. Wanted(instance.Definition)]));
    }

    /// <summary>It has another name: others find it by that from now on.</summary>
    public void Renamed(Instance instance)
    {
        if (endpoints.Find(instance.Id) is not { } attachment)
            return;
        (Network Network, EndpointConfig Wish)[] wanted = [.. Wanted(instance.Definition)];
        endpoints.Save(attachment with
        {
            Endpoints = [.. attachment.Endpoints.Select(e => e with { Names = Names(instance, wanted.FirstOrDefault(w => w.Network.Id == e.NetworkId).Wish ?? new EndpointConfig()) })],
        });
    }

    /// <summary>What the files of an instance say of its networks.</summary>
    public EtcFacts Facts(string instanceId) => AttachmentFacts.Files(networks, endpoints.Find(instanceId));

    /// <summary>Networks that a definition names, in the order of their interfaces.</summary>
    public IEnumerable<(Network Network, EndpointConfig Wish)> Wanted(InstanceDefinition definition)
    {
        if (HasNoNetworkOfItsOwn(definition))
            yield break;
        string main = definition.HostConfig.NetworkMode ?? "";
        foreach ((string name, EndpointConfig? wish) in (definition.NetworkingConfig.EndpointsConfig ?? new Dictionary<string, EndpointConfig?>())
            .OrderBy(e => e.Key == main ? 0 : 1).ThenBy(static e => e.Key, StringComparer.Ordinal))
        {
            if (wish is null)
                continue;
            yield return (networks.Find(wish.NetworkID) ?? throw EngineException.NotFound($"network {name} not found: it was removed; disconnect {definition.Id[..12]} from it, or create the instance anew"), wish);
        }
    }

    private static bool HasNoNetworkOfItsOwn(InstanceDefinition definition) => definition.Config.NetworkDisabled == true
        || definition.HostConfig.NetworkMode is "none" or "host" || definition.HostConfig.NetworkMode?.StartsWith("container:", StringComparison.Ordinal) == true;

    // The highest priority, then the first by name, as Docker does; a network without a way out is none.
    private static Network? GatewayOf(IEnumerable<(Network Network, EndpointConfig Wish)> wanted) =>
        wanted.Where(static w => !w.Network.Bridge.IsInternal).OrderByDescending(static w => w.Wish.GwPriority).ThenBy(static w => w.Network.Name, StringComparer.Ordinal).FirstOrDefault().Network;

    private EndpointRow Take(Instance instance, Network network, EndpointConfig wish, string name, bool isGateway)
    {
        (IPAddress first, IPAddress? second) = endpoints.Take(instance.Id, network, Address(wish.IPAMConfig?.IPv4Address), Address(wish.IPAMConfig?.IPv6Address), Promised(instance, network));
        string id = InstanceNames.NewId();
        return new EndpointRow
        {
            NetworkId = network.Id,
            EndpointId = id,
            Interface = name,
            HostInterface = instance.Definition.IsMachine ? networks.Interfaces.Tap(id) : networks.Interfaces.Port(id),
            Mac = !string.IsNullOrEmpty(wish.MacAddress) ? wish.MacAddress.ToLowerInvariant()
                : !string.IsNullOrEmpty(instance.Definition.Config.MacAddress) && name == "eth0" ? instance.Definition.Config.MacAddress.ToLowerInvariant() : MacOf(first),
            IPv4 = first.ToString(),
            IPv6 = second?.ToString(),
            Names = Names(instance, wish),
            IsGateway = isGateway,
        };
    }

    // Fixed addresses of instances that do not run: they will want them.
    private HashSet<IPAddress> Promised(Instance instance, Network network) =>
    [
        .. context.Registry.All.Where(i => i != instance).SelectMany(static i => i.Definition.NetworkingConfig.EndpointsConfig?.Values ?? [])
            .Where(e => e?.NetworkID == network.Id && e.IPAMConfig is not null)
            .SelectMany(static e => (IPAddress?[])[Address(e!.IPAMConfig!.IPv4Address), Address(e.IPAMConfig.IPv6Address)]).OfType<IPAddress>(),
    ];

    private static IPAddress? Address(string? text) => string.IsNullOrEmpty(text) ? null : IPAddress.Parse(text);

    // The same for the same address, so that what neighbours remember of it stays true.
    private static string MacOf(IPAddress address) => "02:42:" + string.Join(':', address.GetAddressBytes().Select(static b => b.ToString("x2", CultureInfo.InvariantCulture)));

    private static List<string> Names(Instance instance, EndpointConfig wish) =>
    [
        .. ((string[])[instance.Name, .. wish.Aliases ?? [], instance.Id[..12], instance.Definition.Config.Hostname ?? ""])
            .Where(static n => n.Length > 0).Select(static n => n.ToLowerInvariant()).Distinct(),
    ];

    private void Save(Instance instance, IReadOnlyDictionary<string, EndpointConfig?>? now, Action<Dictionary<string, EndpointConfig?>> change)
    {
        var changed = new Dictionary<string, EndpointConfig?>(now ?? new Dictionary<string, EndpointConfig?>());
        change(changed);
        InstanceDefinition definition = instance.Definition with { NetworkingConfig = new NetworkingConfig { EndpointsConfig = changed } };
        context.Store.SaveDefinition(instance.Name, definition);
        instance.Definition = definition;
    }

    private async Task TakeOffAsync(AttachmentRow attachment)
    {
        try
        {
            foreach (EndpointRow endpoint in attachment.Endpoints)
                await BridgeDevices.UntilGoneAsync(endpoint.HostInterface);
            if (attachment.Ports.Count > 0)
                await fabric.ApplyRulesAsync();
            endpoints.Remove(attachment.InstanceId);
        }
        catch (Exception e) when (e is LinuxException or EngineException or Berth.Networks.NetworkException)
        {
            EngineLog.Failed(context.Log, attachment.InstanceId, "taking it off its networks", e);
        }
    }

    private void PublishEvent(Network network, string action, string instanceId) => context.Events.Publish(
        "network", action, network.Id, new Dictionary<string, string> { ["container"] = instanceId, ["name"] = network.Name, ["type"] = "bridge" });
}
