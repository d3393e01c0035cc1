using Berth.Containers.Cgroups;
using Berth.Containers.Supervision;
using Berth.Engine.Builds;
using Berth.Engine.Execs;
using Berth.Engine.Instances;
using Berth.Engine.State;

namespace Berth.Engine;

/// <summary>Brings the recorded state and what really runs to agreement when the engine starts, or when the supervisor had to be started again.</summary>
internal sealed class Recovery(EngineContext context, InstanceRunner runner, InstanceRemover remover, ExecService execs, StepProcesses steps, Action<Instance> beginHealth)
{
    private const string BootFact = "boot-id";

    /// <summary>Loads every instance and removes what a crash left half made.</summary>
    public void Load()
    {
        foreach (InstanceRow row in context.Store.LoadInstances())
        {
            if (Directory.Exists(context.Paths.Container(row.Definition.Id)))
            {
                context.Registry.Add(new Instance(row.Name, row.Definition, row.State));
                continue;
            }
            DropRecord(row.Definition.Id);
            EngineLog.Swept(context.Log, row.Definition.Id, "its directory is gone");
        }
        foreach (string directory in Directory.EnumerateDirectories(context.Paths.Containers))
        {
            string id = Path.GetFileName(directory);
            if (context.Registry.Find(id) is { } known && known.Id == id)
                continue;
            if (Trees.TryDelete(directory, out IOException? error))
                EngineLog.Swept(context.Log, id, "it was not recorded");
            else
                EngineLog.Failed(context.Log, id, "deleting what was left of it", error!);
        }
        context.Volumes.Sweep();
        string secrets = context.Options.StepsDirectory;
        if (Directory.Exists(secrets))
            Directory.Delete(secrets, recursive: true);
    }

    private void DropRecord(string id)
    {
        try
        {
            context.Store.Delete(id);
        }
        catch (EngineException e) when (e.Kind == EngineErrorKind.NoSpace)
        {
            EngineLog.Failed(context.Log, id, "deleting its record", e);
        }
    }

    /// <summary>Takes over what runs and settles what does not. Ends that the supervisor still knows are told again by its feed.</summary>
    public async Task ReconcileAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<SupervisedProcess> processes = await context.Supervisor.ListAsync(cancellationToken);
        var known = new HashSet<string>(StringComparer.Ordinal);
        foreach (SupervisedProcess process in processes.Where(static p => p.ExecId is null))
        {
            known.Add(process.Id);
            await AdoptAsync(process, cancellationToken);
        }
        foreach (SupervisedProcess process in processes.Where(static p => p.ExecId is not null && p.IsRunning))
            execs.Adopt(process);
        foreach (Instance instance in context.Registry.All)
        {
            if (instance.State.IsRunning && !known.Contains(instance.Id))
                await runner.LostAsync(instance);
        }
    }

    /// <summary>Mounts of volumes stay for those that run, and go where nobody is left.</summary>
    public void SettleVolumes()
    {
        foreach (Instance instance in context.Registry.All.Where(static i => i.State.IsRunning))
        {
            foreach (PlannedMount mount in instance.Definition.Mounts)
            {
                if (mount.VolumeName is { } name && context.Volumes.Find(name) is { } volume)
                    context.Volumes.Mounts.Adopt(volume, instance.Id);
            }
        }
        context.Volumes.ReleaseUnused();
    }

    /// <summary>What policies and removals ask for, once when the engine starts.</summary>
    public async Task ResumeAsync(CancellationToken cancellationToken)
    {
        string boot = (await File.ReadAllTextAsync("/proc/sys/kernel/random/boot_id", cancellationToken)).Trim();
        try
        {
            context.Store.SetFact(BootFact, boot);
        }
        catch (EngineException e) when (e.Kind == EngineErrorKind.NoSpace)
        {
            EngineLog.Failed(context.Log, "engine", "writing to the disk", e); // a full disk is a reason to start, not to refuse
        }
        foreach (Instance instance in context.Registry.All)
        {
            InstanceState state = instance.State;
            switch (state.Status)
            {
                case InstanceStatus.Restarting when instance.PendingRestart is null:
                    runner.ScheduleRestart(instance, RestartBackoff.First);
                    break;
                case InstanceStatus.Exited or InstanceStatus.Dead or InstanceStatus.Removing when instance.Definition.HostConfig.AutoRemove:
                    await instance.Gate.WaitAsync(cancellationToken);
                    try
                    {
                        await remover.RemoveHeldAsync(instance, volumes: true);
                    }
                    finally
                    {
                        instance.Gate.Release();
                    }
                    break;
                case InstanceStatus.Exited when RestartRules.AtEngineStart(instance.Definition.HostConfig.RestartPolicy, state):
                    instance.State = state with { Status = InstanceStatus.Restarting, ManuallyStopped = false };
                    runner.ScheduleRestart(instance, TimeSpan.Zero);
                    break;
            }
        }
    }

    private async Task AdoptAsync(SupervisedProcess process, CancellationToken cancellationToken)
    {
        if (steps.Owns(process.Id))
            return;
        if (context.Registry.Find(process.Id) is not { } instance || instance.Id != process.Id)
        {
            // Removed, but not yet forgotten, or never recorded: the command of a build.
            if (!process.IsRunning)
            {
                await context.Supervisor.ForgetAsync(process.Id, null, cancellationToken);
                return;
            }
            steps.AddOrphan(process.Id);
            await context.Supervisor.KillAllAsync(process.Id, cancellationToken);
            return;
        }
        await instance.Gate.WaitAsync(cancellationToken);
        try
        {
            InstanceState state = instance.State;
            bool recordedEnd = !state.IsRunning && state.StartedAt == process.StartedAt;
            if (recordedEnd)
            {
                if (!process.IsRunning)
                    await context.Supervisor.ForgetAsync(process.Id, null, cancellationToken);
                return;
            }
            if (state.IsRunning && state.Pid == process.Pid && instance.Health is not null)
                return;
            state = state with { Status = Frozen(instance, process) ? InstanceStatus.Paused : InstanceStatus.Running, Pid = process.Pid, StartedAt = process.StartedAt };
            if (state != instance.State)
                context.States.Save(instance, state);
            if (process.IsRunning)
                beginHealth(instance);
        }
        finally
        {
            instance.Gate.Release();
        }
    }

    private bool Frozen(Instance instance, SupervisedProcess process)
    {
        try
        {
            return process.IsRunning && context.Cgroups.Open(context.CgroupPath(instance.Definition)).IsFrozen;
        }
        catch (CgroupException)
        {
            return false;
        }
    }
}
