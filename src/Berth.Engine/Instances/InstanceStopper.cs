using Berth.Containers.Cgroups;
using Berth.Containers.Supervision;
using Berth.Engine.Planning;
using Berth.Engine.State;
using Berth.Engine.Supervision;

namespace Berth.Engine.Instances;

/// <summary>Ends workloads: by signal, by a stop with patience, by force.</summary>
internal sealed class InstanceStopper(EngineContext context)
{
    private const int DefaultTimeout = 10;
    private static readonly TimeSpan KillPatience = TimeSpan.FromSeconds(20);

    public async Task StopAsync(Instance instance, int? timeoutSeconds, string? signal, bool restarting, CancellationToken cancellationToken)
    {
        int number = StopSignal(instance, signal);
        int seconds = timeoutSeconds ?? instance.Definition.Config.StopTimeout ?? DefaultTimeout;
        Task<WaitResult>? ended = await MarkAsync(instance, restarting, cancellationToken);
        if (ended is null)
            return;
        await SignalAsync(instance, number, cancellationToken);
        if (!await WithinAsync(ended, seconds < 0 ? Timeout.InfiniteTimeSpan : TimeSpan.FromSeconds(seconds), cancellationToken))
            await KillAllAsync(instance, ended, cancellationToken);
        if (!restarting)
            context.Events.Publish(instance, "stop");
    }

    public async Task KillAsync(Instance instance, string? signal, CancellationToken cancellationToken)
    {
        int number = string.IsNullOrEmpty(signal) ? SignalNames.Kill : SignalNames.Parse(signal, "signal");
        await instance.Gate.WaitAsync(cancellationToken);
        try
        {
            if (!instance.State.IsRunning)
                throw EngineException.Conflict($"cannot kill container: {instance.Name}: container {instance.Id} is not running");
            if (number == SignalNames.Kill || number == StopSignal(instance, null))
                Mark(instance);
        }
        finally
        {
            instance.Gate.Release();
        }
        await SignalAsync(instance, number, cancellationToken);
        context.Events.Publish(instance, "kill", ("signal", number.ToString()));
    }

    /// <summary>Kills everything and waits for the recorded end.</summary>
    public async Task ForceAsync(Instance instance, CancellationToken cancellationToken)
    {
        if (await MarkAsync(instance, restarting: false, cancellationToken, quiet: true) is { } ended)
            await KillAllAsync(instance, ended, cancellationToken);
    }

    private async Task KillAllAsync(Instance instance, Task<WaitResult> ended, CancellationToken cancellationToken)
    {
        try
        {
            await context.Supervisor.KillAllAsync(instance.Id, cancellationToken);
        }
        catch (SupervisorException e) when (e.Kind is SupervisorErrorKind.NotFound or SupervisorErrorKind.Conflict)
        {
            // It ended by itself; its end is on the way.
        }
        context.Events.Publish(instance, "kill", ("signal", "9"));
        if (!await WithinAsync(ended, KillPatience, cancellationToken))
            throw new EngineException(EngineErrorKind.System, $"container {instance.Name}: tried to kill it, but did not receive an exit event: a process may hang in the kernel, see dmesg(1)");
    }

    /// <summary>The task of the coming end; null when a pending restart was called off instead.</summary>
    private async Task<Task<WaitResult>?> MarkAsync(Instance instance, bool restarting, CancellationToken cancellationToken, bool quiet = false)
    {
        await instance.Gate.WaitAsync(cancellationToken);
        try
        {
            if (instance.State.Status == InstanceStatus.Restarting)
            {
                InstanceRunner.CancelRestart(instance);
                context.States.Save(instance, instance.State with { Status = InstanceStatus.Exited, ManuallyStopped = true });
                instance.Exits.Exited(new WaitResult { StatusCode = instance.State.ExitCode }, restarts: false);
                return null;
            }
            if (!instance.State.IsRunning)
                return quiet ? null : throw new EngineException(EngineErrorKind.NotModified, $"container {instance.Name} is not running");
            if (restarting)
                instance.ExpectRestart = true;
            else
                Mark(instance);
            return instance.Exits.Next;
        }
        finally
        {
            instance.Gate.Release();
        }
    }

    private async Task SignalAsync(Instance instance, int number, CancellationToken cancellationToken)
    {
        try
        {
            await context.Supervisor.SignalAsync(instance.Id, null, number, cancellationToken);
            // A frozen process takes its signal when it thaws.
            if (instance.State.Status == InstanceStatus.Paused && (number == SignalNames.Kill || number == StopSignal(instance, null)))
                context.Cgroups.Open(context.CgroupPath(instance.Definition)).Thaw();
        }
        catch (SupervisorException e) when (e.Kind is SupervisorErrorKind.NotFound or SupervisorErrorKind.Conflict)
        {
            // It ended by itself; its end is on the way.
        }
        catch (CgroupException) when (InstanceChanger.HasEnded(instance))
        {
            // As above.
        }
        catch (SupervisorException e)
        {
            throw SupervisorErrors.Translate(e, $"cannot signal container {instance.Name}: ");
        }
    }

    private async Task<bool> WithinAsync(Task task, TimeSpan time, CancellationToken cancellationToken)
    {
        try
        {
            await task.WaitAsync(time, context.Clock, cancellationToken);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    private static int StopSignal(Instance instance, string? signal)
    {
        string? name = string.IsNullOrEmpty(signal) ? instance.Definition.Config.StopSignal : signal;
        return string.IsNullOrEmpty(name) ? SignalNames.Term : SignalNames.Parse(name, "signal");
    }

    private void Mark(Instance instance)
    {
        if (!instance.State.ManuallyStopped)
            context.States.Save(instance, instance.State with { ManuallyStopped = true });
    }
}
