using Berth.Engine.Instances;
using Berth.Vmm.Control;

namespace Berth.Engine.Machines;

/// <summary>The serial console of virtual machines: what it printed, and live while they run.</summary>
internal sealed class MachineConsole(EngineContext context)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15), Step = TimeSpan.FromMilliseconds(50);

    /// <summary>Opens it; a machine that does not run, or without <paramref name="live"/>, gives what it kept.</summary>
    public async Task<Attachment> OpenAsync(Instance instance, bool live, CancellationToken cancellationToken)
    {
        if (!instance.Definition.IsMachine)
            throw EngineException.NotImplemented($"container {instance.Name} has no serial console, virtual machines have: use attach or logs");
        string directory = context.Paths.Machine(instance.Id);
        // A console ends with the machine: an end of input means nothing to it.
        return live && instance.State.IsRunning && await ConnectAsync(instance, MachinePlaces.OnHost(directory, MachinePlaces.ControlSocket), cancellationToken) is { } stream
            ? new Attachment(stream, tty: true, static () => { })
            : new Attachment(MachineFiles.TryOpen(directory, MachinePlaces.ConsoleLog) ?? Stream.Null, tty: true, static () => { });
    }

    // The process runs a moment before it listens.
    private async Task<Stream?> ConnectAsync(Instance instance, string socket, CancellationToken cancellationToken)
    {
        DateTimeOffset deadline = context.Clock.GetUtcNow() + Patience;
        while (true)
        {
            try
            {
                return await ControlSocket.OpenConsoleAsync(socket, cancellationToken);
            }
            catch (IOException) when (!instance.State.IsRunning)
            {
                return null;
            }
            catch (IOException e) when (context.Clock.GetUtcNow() > deadline)
            {
                throw new EngineException(EngineErrorKind.Unavailable, $"the console of {instance.Name} does not answer: {e.Message}", e);
            }
            catch (IOException)
            {
                await Task.Delay(Step, context.Clock, cancellationToken);
            }
        }
    }
}
