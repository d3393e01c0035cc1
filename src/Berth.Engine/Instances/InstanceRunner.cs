using Berth.Containers.Supervision;
using Berth.Engine.Machines;
using Berth.Engine.Networks;
using Berth.Engine.State;
using Berth.Engine.Supervision;
using Berth.Networks;

namespace Berth.Engine.Instances;

/// <summary>Starts instances and records their ends: the two places where an instance begins and stops running.</summary>
internal sealed class InstanceRunner(EngineContext context, SpecSource specs, MachineStarter machines, InstanceRemover remover, InstanceVolumes volumes, InstanceNetworks networks)
{
    /// <summary>Called when the workload runs, to begin its health probes.</summary>
    public Action<Instance>? Running { get; set; }

    /// <summary>Starts an instance; a user's start (not a policy's) clears the record of restarts.</summary>
    public async Task StartAsync(Instance instance, bool byUser, CancellationToken cancellationToken)
    {
        await instance.Gate.WaitAsync(cancellationToken);
        try
        {
            Refuse(instance);
            if (byUser)
                CancelRestart(instance);
            else if (instance.State.Status != InstanceStatus.Restarting)
                return;
            // From here on a client that goes away must not leave a half-done start.
            await StartHeldAsync(instance, byUser);
        }
        finally
        {
            instance.Gate.Release();
        }
    }

    /// <summary>Records an end that the supervisor reported, then lets it forget.</summary>
    public async Task EndedAsync(SupervisedProcess process)
    {
        if (context.Registry.Find(process.Id) is { } instance && instance.Id == process.Id)
        {
            await instance.Gate.WaitAsync();
            try
            {
                if (instance.State.IsRunning && instance.State.Pid == process.Pid)
                {
                    await EndedHeldAsync(instance, process.ExitCode ?? 255, process.OomKilled, process.FinishedAt ?? context.Clock.GetUtcNow(), process.Error ?? "", known: true);
                    return;
                }
            }
            finally
            {
                instance.Gate.Release();
            }
        }
        await context.Supervisor.ForgetAsync(process.Id, null, CancellationToken.None);
    }

    /// <summary>Records the end of a workload whose exit nobody saw.</summary>
    public async Task LostAsync(Instance instance)
    {
        await instance.Gate.WaitAsync();
        try
        {
            if (instance.State.IsRunning)
                await EndedHeldAsync(instance, 255, oomKilled: false, context.Clock.GetUtcNow(), "", known: false);
        }
        finally
        {
            instance.Gate.Release();
        }
    }

    /// <summary>Starts it after the policy's pause; the state says restarting already.</summary>
    public void ScheduleRestart(Instance instance, TimeSpan delay)
    {
        var cancel = CancellationTokenSource.CreateLinkedTokenSource(context.Stopping.Token);
        instance.PendingRestart = cancel;
        _ = RestartLaterAsync(instance, delay, cancel.Token);
    }

    public static void CancelRestart(Instance instance)
    {
        instance.PendingRestart?.Cancel();
        instance.PendingRestart = null;
    }

    private static void Refuse(Instance instance)
    {
        switch (instance.State.Status)
        {
            case InstanceStatus.Running:
                throw new EngineException(EngineErrorKind.NotModified, $"container {instance.Name} is already running");
            case InstanceStatus.Paused:
                throw EngineException.Conflict("cannot start a paused container, try unpause instead");
            case InstanceStatus.Removing or InstanceStatus.Dead:
            case var _ when instance.IsBeingRemoved:
                throw EngineException.Conflict("container is marked for removal and cannot be started");
        }
    }

    private async Task StartHeldAsync(Instance instance, bool byUser)
    {
        InstanceDefinition definition = instance.Definition;
        try
        {
            InstanceFiles.CheckBindSources(definition.Mounts);
            await volumes.PrepareAsync(instance);
            string? joined = definition.HostConfig.NetworkMode is { } mode && mode.StartsWith("container:", StringComparison.Ordinal)
                ? context.Registry.Get(mode["container:".Length..]).Id
                : null;
            InstanceAttachment attachment = await networks.AttachAsync(instance);
            InstanceFiles.WriteEtc(context, definition, specs.HostName(definition), joined, networks.Facts(instance.Id));
            StartRequest request = definition.IsMachine
                ? await machines.RequestAsync(definition, attachment.Interfaces, null, context.Stopping.Token)
                : specs.Request(definition, specs.Build(definition, joins: true), specs.Overlay(definition)) with { Interfaces = attachment.Interfaces };
            StartResult started = await context.Supervisor.StartAsync(request, CancellationToken.None);
            await PublishedAsync(instance, attachment.Rules);
            context.States.Save(instance, instance.State with
            {
                Status = InstanceStatus.Running,
                Pid = started.Pid,
                ExitCode = 0,
                Error = "",
                OomKilled = false,
                StartedAt = started.StartedAt,
                ManuallyStopped = false,
                RestartCount = byUser ? 0 : instance.State.RestartCount,
            });
            if (byUser)
                instance.Backoff.Reset();
            EngineLog.Started(context.Log, instance.Id, started.Pid);
            context.Events.Publish(instance, "start");
            Running?.Invoke(instance);
        }
        catch (Exception e) when (e is SupervisorException or EngineException or IOException or NetworkException)
        {
            networks.Leave(instance.Id);
            volumes.Release(instance);
            EngineException error = e switch
            {
                NetworkException refused => NetworkErrors.Translate(refused),
                SupervisorException refused => SupervisorErrors.Translate(refused),
                EngineException own => own,
                _ => new EngineException(EngineErrorKind.System, e.Message, e),
            };
            await FailedHeldAsync(instance, error, byUser);
            throw error;
        }
    }

    // The rules for its ports are made while it starts; a workload that cannot have them does not stay.
    private async Task PublishedAsync(Instance instance, Task rules)
    {
        try
        {
            await rules;
        }
        catch (NetworkException)
        {
            await context.Supervisor.KillAllAsync(instance.Id, CancellationToken.None);
            throw;
        }
    }

    private async Task FailedHeldAsync(Instance instance, EngineException error, bool byUser)
    {
        int exitCode = error.ExitCode == 0 ? 128 : error.ExitCode;
        EngineLog.NotStarted(context.Log, instance.Id, error.Message);
        InstanceState state = instance.State with { ExitCode = exitCode, Error = error.Message, Pid = 0 };
        bool again = !byUser && RestartRules.AfterExit(instance.Definition.HostConfig.RestartPolicy, state, exitCode);
        if (!byUser && !again)
            state = state with { Status = InstanceStatus.Exited };
        if (again)
            state = state with { RestartCount = state.RestartCount + 1 };
        context.States.Save(instance, state);
        if (again)
        {
            ScheduleRestart(instance, instance.Backoff.Next(TimeSpan.Zero));
            return;
        }
        instance.Exits.Exited(new WaitResult { StatusCode = exitCode }, restarts: false);
        if (instance.Definition.HostConfig.AutoRemove)
            await remover.RemoveHeldAsync(instance, volumes: true);
    }

    private async Task EndedHeldAsync(Instance instance, int exitCode, bool oomKilled, DateTimeOffset finishedAt, string error, bool known)
    {
        InstanceDefinition definition = instance.Definition;
        InstanceState state = instance.State with
        {
            Status = InstanceStatus.Exited,
            Pid = 0,
            ExitCode = exitCode,
            OomKilled = oomKilled,
            FinishedAt = finishedAt,
            Error = error,
        };
        TimeSpan ran = finishedAt - (state.StartedAt ?? finishedAt);
        bool restarts = !instance.ExpectRestart && RestartRules.AfterExit(definition.HostConfig.RestartPolicy, state, exitCode);
        bool remove = !restarts && !instance.ExpectRestart && definition.HostConfig.AutoRemove;
        if (restarts)
            state = state with { Status = InstanceStatus.Restarting, RestartCount = state.RestartCount + 1 };
        instance.Health?.Stop();
        networks.Leave(instance.Id);
        volumes.Release(instance);
        // Before Forget: from here on the exit is nowhere else.
        bool saved = true;
        if (!remove)
            saved = context.States.Save(instance, state, known ? ForgetAsync : null);
        else
            instance.State = state;
        EngineLog.Ended(context.Log, instance.Id, exitCode);
        if (oomKilled)
            context.Events.Publish(instance, "oom");
        context.Events.Publish(instance, "die", ("exitCode", exitCode.ToString()), ("execDuration", ((long)ran.TotalSeconds).ToString()));
        instance.Exits.Exited(new WaitResult { StatusCode = exitCode }, restarts);
        if (remove)
            await remover.RemoveHeldAsync(instance, volumes: true);
        else if (known && saved)
            await ForgetAsync();
        if (restarts)
            ScheduleRestart(instance, instance.Backoff.Next(ran));

        Task ForgetAsync() => context.Supervisor.ForgetAsync(instance.Id, null, CancellationToken.None);
    }

    private async Task RestartLaterAsync(Instance instance, TimeSpan delay, CancellationToken cancellationToken)
    {
        try
        {
            await Task.Delay(delay, context.Clock, cancellationToken);
            await StartAsync(instance, byUser: false, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // A user's start, stop or removal came first.
        }
        catch (EngineException)
        {
            // Logged and recorded where it failed.
        }
        catch (Exception e)
        {
            EngineLog.Failed(context.Log, instance.Id, "restart", e);
        }
    }
}
