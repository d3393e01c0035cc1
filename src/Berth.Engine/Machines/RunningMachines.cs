using Berth.Containers.Interfaces;
using Berth.Engine.Instances;
using Berth.Engine.Networks;
using Berth.Engine.State;
using Berth.Linux;
using Berth.Networks.Bridges;
using Berth.Vmm.Control;

namespace Berth.Engine.Machines;

/// <summary>Network cards of running virtual machines, by the control sockets of their VMMs.</summary>
internal sealed class RunningMachines(EngineContext context) : IRunningInterfaces
{
    // Longer than a VMM waits for its guest, through a boot and several answers.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    /// <inheritdoc/>
    public async Task AddAsync(Instance instance, InterfaceConfig added)
    {
        try
        {
            using FileDescriptor tap = TapDevice.Open(new TapConfig { HostName = added.HostName, Bridge = added.Bridge, Mtu = added.Mtu });
            var card = new NetworkCardConfig(0, added.Mac, added.Name, added.Mtu, added.Addresses, added.Gateways);
            await AskAsync(patience => ControlSocket.PlugAsync(SocketOf(instance), card, tap, patience));
        }
        catch (IOException e)
        {
            // A VMM that did not answer may hold it.
            BridgeDevices.Remove(added.HostName);
            throw new EngineException(EngineErrorKind.System, $"cannot give virtual machine {instance.Name} a network card: {e.Message}", e);
        }
    }

    /// <inheritdoc/>
    public async Task RemoveAsync(Instance instance, EndpointRow left)
    {
        try
        {
            // Frozen, it would not answer; without its interface the card is dead, and replaced by the next of its name.
            if (instance.State.Status != InstanceStatus.Paused)
                await AskAsync(patience => ControlSocket.UnplugAsync(SocketOf(instance), left.Interface, patience));
        }
        catch (IOException e)
        {
            EngineLog.Failed(context.Log, instance.Id, $"having its guest let go of {left.Interface}", e);
        }
        BridgeDevices.Remove(left.HostInterface);
    }

    /// <inheritdoc/>
    public async Task ConfigureAsync(Instance instance, InterfaceConfig? gateway)
    {
        string files = context.Paths.Container(instance.Id);
        string hosts = await File.ReadAllTextAsync(Path.Combine(files, "hosts")), resolver = await File.ReadAllTextAsync(Path.Combine(files, "resolv.conf"));
        try
        {
            await AskAsync(patience => ControlSocket.ConfigureAsync(SocketOf(instance), hosts, resolver, gateway?.Name ?? "", gateway?.Gateways ?? [], patience));
        }
        catch (IOException e)
        {
            throw new EngineException(EngineErrorKind.System, $"virtual machine {instance.Name} could not be told of its networks: {e.Message}", e);
        }
    }

    private string SocketOf(Instance instance) => MachinePlaces.OnHost(context.Paths.Machine(instance.Id), MachinePlaces.ControlSocket);

    private static async Task AskAsync(Func<CancellationToken, Task> ask)
    {
        using CancellationTokenSource patience = new(Patience);
        try
        {
            await ask(patience.Token);
        }
        catch (OperationCanceledException e)
        {
            throw new IOException("its VMM does not answer", e);
        }
    }
}
