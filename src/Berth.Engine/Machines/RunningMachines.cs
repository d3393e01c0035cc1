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
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4), StartPatience = TimeSpan.FromSeconds(30), Step = TimeSpan.FromMilliseconds(50);

    /// <inheritdoc/>
    public async Task AddAsync(Instance instance, InterfaceConfig added)
    {
        try
        {
            using FileDescriptor tap = TapDevice.Open(new TapConfig { HostName = added.HostName, Bridge = added.Bridge, Mtu = added.Mtu });
            var card = new NetworkCardConfig(0, added.Mac, added.Name, added.Mtu, added.Addresses, added.Gateways);
            await AskAsync(instance, (socket, patience) => ControlSocket.PlugAsync(socket, card, tap, patience));
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
                await AskAsync(instance, (socket, patience) => ControlSocket.UnplugAsync(socket, left.Interface, patience));
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
            await AskAsync(instance, (socket, patience) => ControlSocket.ConfigureAsync(socket, hosts, resolver, gateway?.Name ?? "", gateway?.Gateways ?? [], patience));
        }
        catch (IOException e)
        {
            throw new EngineException(EngineErrorKind.System, $"virtual machine {instance.Name} could not be told of its networks: {e.Message}", e);
        }
    }

    private async Task AskAsync(Instance instance, Func<string, CancellationToken, Task> ask)
    {
        string socket = MachinePlaces.OnHost(context.Paths.Machine(instance.Id), MachinePlaces.ControlSocket);
        using CancellationTokenSource patience = new(Patience);
        try
        {
            await UntilListeningAsync(instance, socket, patience.Token);
            await ask(socket, patience.Token);
        }
        catch (OperationCanceledException e)
        {
            throw new IOException("its VMM does not answer", e);
        }
    }

    // A machine runs a moment before it listens. Whether it still runs only its process tells: its end is not recorded while its gate is held.
    private async Task UntilListeningAsync(Instance instance, string socket, CancellationToken cancellationToken)
    {
        DateTimeOffset deadline = context.Clock.GetUtcNow() + StartPatience;
        while (true)
        {
            try
            {
                ControlSocket.Connect(socket).Dispose();
                return;
            }
            catch (IOException) when (Directory.Exists($"/proc/{instance.State.Pid}") && context.Clock.GetUtcNow() < deadline)
            {
                await Task.Delay(Step, context.Clock, cancellationToken);
            }
        }
    }
}
