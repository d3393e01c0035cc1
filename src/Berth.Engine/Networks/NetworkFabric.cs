using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Berth.Engine.State;
using Berth.Networks;
using Berth.Networks.Bridges;
using Berth.Networks.Filtering;
using Berth.Networks.Names;
using Berth.Networks.Publishing;
using Microsoft.Extensions.Logging;

namespace Berth.Engine.Networks;

/// <summary>
/// The host's side of all networks: bridges, name servers, ports and the table of rules. A bridge comes up when the first instance needs it and
/// goes with its network, or when the engine lets go and nothing runs on any.
/// </summary>
internal sealed class NetworkFabric(EngineOptions options, NetworkRegistry networks, EndpointTable endpoints, ILogger log) : IAsyncDisposable
{
    private readonly string _marker = Path.Combine(options.RunRoot, "networks");
    private readonly SemaphoreSlim _rules = new(1, 1);
    private readonly ConcurrentDictionary<string, IReadOnlyList<IPortProxy>> _proxies = new(StringComparer.Ordinal);
    private string _applied = "";

    /// <summary>Makes a network's bridge, name server and rules, unless they are there.</summary>
    public async Task EnsureUpAsync(Network network)
    {
        if (network.Names is not null)
            return;
        await network.Gate.WaitAsync();
        try
        {
            if (network.IsRemoved)
                throw EngineException.NotFound($"network {network.Name} not found");
            if (network.Names is not null)
                return;
            if (!File.Exists(_marker))
                await File.WriteAllTextAsync(_marker, "");
            CreateBridge(network);
            NameServer names = NameServer.Start(network.Bridge.IPv4.Gateway, endpoints);
            network.Names = names;
            try
            {
                await ApplyRulesAsync();
            }
            catch
            {
                network.Names = null;
                await names.DisposeAsync();
                BridgeDevices.Remove(network.Bridge.Name);
                throw;
            }
        }
        catch (NetworkException e)
        {
            throw NetworkErrors.Translate(e, $"network {network.Name}: ");
        }
        finally
        {
            network.Gate.Release();
        }
    }

    /// <summary>Takes everything of a network off the host.</summary>
    public async Task TakeDownAsync(Network network)
    {
        await network.Gate.WaitAsync();
        try
        {
            if (network.Names is not { } names)
                return;
            network.Names = null;
            await names.DisposeAsync();
            BridgeDevices.Remove(network.Bridge.Name);
            await ApplyRulesAsync();
        }
        finally
        {
            network.Gate.Release();
        }
    }

    /// <summary>Opens ports of the host for an instance; the rules for them are the caller's next step.</summary>
    /// <exception cref="EngineException">One is taken; none is open then.</exception>
    public IReadOnlyList<PortRow> Publish(string instanceId, IReadOnlyList<PortPlan.Wish> wishes, EndpointRow target)
    {
        var proxies = new List<IPortProxy>();
        var rows = new List<PortRow>();
        try
        {
            foreach (PortPlan.Wish wish in wishes)
                rows.AddRange(Open(wish, target, proxies));
            _proxies[instanceId] = proxies;
            return rows;
        }
        catch (NetworkException e)
        {
            foreach (IPortProxy proxy in proxies)
                proxy.Dispose();
            throw NetworkErrors.Translate(e, "failed to set up container networking: driver failed programming external connectivity: ");
        }
    }

    /// <summary>Closes an instance's ports; the rules are the caller's next step.</summary>
    public void Unpublish(string instanceId)
    {
        if (!_proxies.TryRemove(instanceId, out IReadOnlyList<IPortProxy>? proxies))
            return;
        foreach (IPortProxy proxy in proxies)
            proxy.Dispose();
    }

    /// <summary>Brings the kernel's table to what is up and published now.</summary>
    public async Task ApplyRulesAsync()
    {
        await _rules.WaitAsync();
        try
        {
            (BridgeConfig, int)[] up = [.. networks.All.Where(static n => n.Names is not null).OrderBy(static n => n.Id, StringComparer.Ordinal).Select(static n => (n.Bridge, n.Names!.Port))];
            PublishedPort[] ports = [.. endpoints.All.Where(a => _proxies.ContainsKey(a.InstanceId)).SelectMany(static a => a.Ports).Select(Port)];
            string text = Ruleset.Text(networks.Interfaces.Table, up, ports);
            if (text == _applied)
                return;
            await NftProgram.ApplyAsync(text);
            _applied = text;
        }
        finally
        {
            _rules.Release();
        }
    }

    /// <summary>Makes the host's side fit what runs, and removes what an earlier life left of the rest.</summary>
    public async Task ReconcileAsync()
    {
        if (!File.Exists(_marker))
            return;
        HashSet<string> wanted = [];
        foreach (AttachmentRow attachment in endpoints.All)
            Reopen(attachment);
        foreach (AttachmentRow attachment in endpoints.All)
        {
            foreach (EndpointRow endpoint in attachment.Endpoints)
            {
                wanted.Add(endpoint.HostInterface);
                if (networks.Find(endpoint.NetworkId) is not { } network)
                    continue;
                wanted.Add(network.Bridge.Name);
                try
                {
                    await EnsureUpAsync(network);
                }
                catch (EngineException e)
                {
                    EngineLog.Failed(log, network.Name, "bringing its bridge up", e);
                }
            }
        }
        foreach (string stray in BridgeDevices.Existing(networks.Interfaces).Where(name => !wanted.Contains(name)))
            BridgeDevices.Remove(stray);
        if (wanted.Count == 0)
            await ClearAsync();
        else
            await ApplyRulesAsync();
    }

    /// <summary>Lets go: ports and name servers end with this process; with nothing attached, nothing stays on the host.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (string instanceId in _proxies.Keys)
            Unpublish(instanceId);
        Network[] up = [.. networks.All.Where(static n => n.Names is not null)];
        foreach (Network network in up)
        {
            await network.Names!.DisposeAsync();
            network.Names = null;
        }
        if (endpoints.All.Count > 0 || !File.Exists(_marker))
            return;
        foreach (string name in BridgeDevices.Existing(networks.Interfaces))
            BridgeDevices.Remove(name);
        await ClearAsync();
        _rules.Dispose();
    }

    private async Task ClearAsync()
    {
        await NftProgram.ApplyAsync(Ruleset.Removal(networks.Interfaces.Table));
        _applied = "";
        File.Delete(_marker);
    }

    // The subnet that was free when it was chosen may be somebody else's by now.
    private void CreateBridge(Network network)
    {
        for (int attempt = 0; ; attempt++)
        {
            try
            {
                BridgeDevices.EnsureUp(network.Bridge);
                return;
            }
            catch (NetworkException e) when (e.Code == NetworkErrorCode.Taken && network.IsDefault && network.Row.HasChosenSubnet && attempt < 8 && !endpoints.On(network).Any())
            {
                networks.ChooseAgain(network);
            }
        }
    }

    private void Reopen(AttachmentRow attachment)
    {
        var proxies = new List<IPortProxy>();
        foreach (PortRow row in attachment.Ports)
        {
            try
            {
                proxies.Add(PortProxy.Open(Port(row)));
            }
            catch (NetworkException e)
            {
                EngineLog.Failed(log, attachment.InstanceId, "taking its port again", e);
            }
        }
        _proxies[attachment.InstanceId] = proxies;
    }

    private static List<PortRow> Open(PortPlan.Wish wish, EndpointRow target, List<IPortProxy> proxies)
    {
        int count = wish.Last - wish.First + 1;
        // What nobody chose begins at a random place, so that two daemons seldom try the same; a range begins at its start.
        int start = count > 1024 ? Random.Shared.Next(count) : 0;
        for (int i = 0; ; i++)
        {
            ushort port = (ushort)(wish.First + (start + i) % count);
            int before = proxies.Count;
            try
            {
                return OpenAt(wish, port, target, proxies);
            }
            catch (NetworkException e) when (e.Code == NetworkErrorCode.Taken && i + 1 < count)
            {
                foreach (IPortProxy proxy in proxies[before..])
                    proxy.Dispose();
                proxies.RemoveRange(before, proxies.Count - before);
            }
        }
    }

    private static List<PortRow> OpenAt(PortPlan.Wish wish, ushort port, EndpointRow target, List<IPortProxy> proxies)
    {
        var rows = new List<PortRow>();
        foreach (IPAddress address in wish.Addresses)
        {
            bool second = address.AddressFamily == AddressFamily.InterNetworkV6;
            if (second && wish.IsOptionalIPv6 && !Socket.OSSupportsIPv6)
                continue;
            var row = new PortRow
            {
                Protocol = wish.Protocol,
                HostAddress = address.ToString(),
                HostPort = port,
                Target = second && target.IPv6 is { } own ? own : target.IPv4,
                TargetPort = wish.TargetPort,
            };
            proxies.Add(PortProxy.Open(Port(row)));
            rows.Add(row);
        }
        return rows;
    }

    private static PublishedPort Port(PortRow row) => new(row.Protocol, IPAddress.Parse(row.HostAddress), row.HostPort, IPAddress.Parse(row.Target), row.TargetPort);
}
