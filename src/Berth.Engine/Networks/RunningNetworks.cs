using System.Net;
using Berth.Engine.Instances;
using Berth.Engine.Machines;
using Berth.Engine.State;
using Berth.Networks;

namespace Berth.Engine.Networks;

/// <summary>
/// Changes of a running instance's networks. The callers hold its gate. What it shall have stands in its definition, what it has in the table of
/// endpoints: an endpoint is recorded before its interface is made and forgotten after it is gone, so a daemon that is killed in between finds
/// what is too much when it starts again, and takes it off.
/// </summary>
internal sealed class RunningNetworks(EngineContext context, NetworkRegistry networks, EndpointTable endpoints, NetworkFabric fabric)
{
    private readonly RunningContainers _containers = new();
    private readonly RunningMachines _machines = new(context);

    /// <summary>A frozen guest can neither take nor give.</summary>
    public static void RefusePausedMachine(Instance instance)
    {
        if (instance.Definition.IsMachine && instance.State.Status == InstanceStatus.Paused)
            throw EngineException.Conflict($"virtual machine {instance.Name} is paused: unpause it before its networks change");
    }

    /// <summary>Connects it to one more network.</summary>
    /// <param name="instance">It.</param>
    /// <param name="network">The network.</param>
    /// <param name="take">Takes an endpoint for an interface of that name, with the default route or without.</param>
    /// <exception cref="EngineException">It cannot be; everything is as before.</exception>
    public async Task ConnectAsync(Instance instance, Network network, Func<string, bool, EndpointRow> take)
    {
        RefusePausedMachine(instance);
        await fabric.EnsureUpAsync(network);
        AttachmentRow before = endpoints.Find(instance.Id) ?? new AttachmentRow { InstanceId = instance.Id, Resolvers = instance.Definition.HostConfig.Dns, Links = LinkNames.Of(instance.Definition) };
        int number = 0;
        while (before.Endpoints.Any(e => e.Interface == $"eth{number}"))
            number++;
        EndpointRow added = take($"eth{number}", !network.Bridge.IsInternal && !before.Endpoints.Any(static e => e.IsGateway));
        bool recorded = false, made = false;
        try
        {
            endpoints.Save(before with { Endpoints = [.. before.Endpoints, added] });
            recorded = true;
            await Inside(instance).AddAsync(instance, AttachmentFacts.Interface(networks, added));
            made = true;
            await RepublishAsync(instance, before, null);
        }
        catch (Exception e) when (e is EngineException or NetworkException or IOException)
        {
            if (made)
                await Inside(instance).RemoveAsync(instance, added);
            if (recorded)
                await UndoAsync(instance, before, added, made);
            else
                endpoints.GiveBack(IPAddress.Parse(added.IPv4), added.IPv6 is { } second ? IPAddress.Parse(second) : null);
            if (e is EngineException)
                throw;
            throw new EngineException(EngineErrorKind.System, $"cannot connect {instance.Name} to {network.Name}: {e.Message}", e);
        }
        PublishEvent(network, "connect", instance.Id);
    }

    /// <summary>Takes it off a network; the default route goes to <paramref name="next"/>, if it had it and one is given.</summary>
    public async Task DisconnectAsync(Instance instance, Network network, Network? next)
    {
        if (endpoints.Find(instance.Id) is not { } before || before.Endpoints.FirstOrDefault(e => e.NetworkId == network.Id) is not { } left)
            return;
        await Inside(instance).RemoveAsync(instance, left);
        List<EndpointRow> rest = [.. before.Endpoints.Where(e => e != left)];
        EndpointRow? heir = null;
        if (left.IsGateway && next is not null && rest.FindIndex(e => e.NetworkId == next.Id) is >= 0 and int index)
            heir = rest[index] = rest[index] with { IsGateway = true };
        endpoints.Save(before with { Endpoints = rest });
        PublishEvent(network, "disconnect", instance.Id);
        try
        {
            await RepublishAsync(instance, before, heir);
        }
        catch (EngineException e) when (instance.Definition.IsMachine && e.Kind == EngineErrorKind.System)
        {
            // It is off the network; what its files say is the guest's loss.
            EngineLog.Failed(context.Log, instance.Id, "telling its guest of its networks", e);
        }
    }

    /// <summary>Takes running instances off networks that their definitions do not name: an earlier life was killed in the middle of a change.</summary>
    public async Task ReconcileAsync(Instance instance, Func<Network?> next)
    {
        await instance.Gate.WaitAsync();
        try
        {
            foreach (Network network in Unwanted(instance))
                await DisconnectAsync(instance, network, next());
        }
        catch (Exception e) when (e is EngineException or NetworkException or IOException)
        {
            EngineLog.Failed(context.Log, instance.Id, "taking it off a network", e);
        }
        finally
        {
            instance.Gate.Release();
        }
    }

    /// <summary>Networks that a running instance hangs on and its definition does not name.</summary>
    public IReadOnlyList<Network> Unwanted(Instance instance)
    {
        if (!instance.State.IsRunning || endpoints.Find(instance.Id) is not { } attachment)
            return [];
        HashSet<string> wanted = [.. (instance.Definition.NetworkingConfig.EndpointsConfig?.Values ?? []).Select(static e => e?.NetworkID ?? "")];
        return [.. attachment.Endpoints.Where(e => !wanted.Contains(e.NetworkId)).Select(e => networks.Find(e.NetworkId)).OfType<Network>()];
    }

    private IRunningInterfaces Inside(Instance instance) => instance.Definition.IsMachine ? _machines : _containers;

    // Ports lead to the endpoint that has the default route, and the resolver's file names its gateway.
    private async Task RepublishAsync(Instance instance, AttachmentRow before, EndpointRow? heir)
    {
        AttachmentRow now = endpoints.Find(instance.Id)!;
        EndpointRow? target = now.Endpoints.FirstOrDefault(static e => e.IsGateway);
        if (target?.EndpointId != before.Endpoints.FirstOrDefault(static e => e.IsGateway)?.EndpointId)
        {
            fabric.Unpublish(instance.Id);
            IReadOnlyList<PortPlan.Wish> wishes = PortPlan.Read(instance.Definition.Config, instance.Definition.HostConfig);
            endpoints.Save(now with { Ports = target is null || wishes.Count == 0 ? [] : fabric.Publish(instance.Id, wishes, target) });
            await fabric.ApplyRulesAsync();
        }
        WriteFiles(instance, now);
        await Inside(instance).ConfigureAsync(instance, heir is null ? null : AttachmentFacts.Interface(networks, heir));
    }

    private async Task UndoAsync(Instance instance, AttachmentRow before, EndpointRow added, bool made)
    {
        try
        {
            if (added.IsGateway)
                fabric.Unpublish(instance.Id);
            // Its addresses are free with this.
            endpoints.Save(before);
            if (added.IsGateway)
                await fabric.ApplyRulesAsync();
            WriteFiles(instance, before);
            if (made)
                await Inside(instance).ConfigureAsync(instance, null);
        }
        catch (Exception e) when (e is EngineException or NetworkException or IOException)
        {
            EngineLog.Failed(context.Log, instance.Id, "undoing a connection to a network", e);
        }
    }

    private void WriteFiles(Instance instance, AttachmentRow attachment) =>
        InstanceFiles.WriteEtc(context, instance.Definition, instance.Definition.Config.Hostname ?? instance.Id[..12], null, AttachmentFacts.Files(networks, attachment));

    private void PublishEvent(Network network, string action, string instanceId) => context.Events.Publish(
        "network", action, network.Id, new Dictionary<string, string> { ["container"] = instanceId, ["name"] = network.Name, ["type"] = "bridge" });
}
