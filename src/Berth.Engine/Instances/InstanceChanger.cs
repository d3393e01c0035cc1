using Berth.Containers.Cgroups;
using Berth.Engine.Configuration;
using Berth.Engine.Machines;
using Berth.Engine.Networks;
using Berth.Engine.Planning;
using Berth.Engine.State;

namespace Berth.Engine.Instances;

/// <summary>Changes to living instances: frozen or not, name, limits.</summary>
internal sealed class InstanceChanger(EngineContext context, InstanceNetworks networks)
{
    public Task PauseAsync(Instance instance, CancellationToken cancellationToken) => HeldAsync(instance, () =>
    {
        if (instance.State.Status == InstanceStatus.Paused)
            throw EngineException.Conflict($"container {instance.Id} is already paused");
        if (instance.State.Status != InstanceStatus.Running)
            throw EngineException.Conflict($"container {instance.Id} is not running");
        OnCgroup(instance, static cgroup => cgroup.Freeze());
        context.States.Save(instance, instance.State with { Status = InstanceStatus.Paused });
        context.Events.Publish(instance, "pause");
    }, cancellationToken);

    public Task UnpauseAsync(Instance instance, CancellationToken cancellationToken) => HeldAsync(instance, () =>
    {
        if (instance.State.Status != InstanceStatus.Paused)
            throw EngineException.Conflict($"container {instance.Id} is not paused");
        OnCgroup(instance, static cgroup => cgroup.Thaw());
        context.States.Save(instance, instance.State with { Status = InstanceStatus.Running });
        context.Events.Publish(instance, "unpause");
    }, cancellationToken);

    /// <summary>Freezes for the time of one action, without showing it as paused.</summary>
    public async Task<T> WhilePausedAsync<T>(Instance instance, Func<Task<T>> action)
    {
        try
        {
            OnCgroup(instance, static cgroup => cgroup.Freeze());
        }
        catch (EngineException e) when (e.Kind == EngineErrorKind.Conflict)
        {
            return await action(); // it has just ended: nothing changes any more
        }
        try
        {
            return await action();
        }
        finally
        {
            Thaw(instance);
        }
    }

    public Task RenameAsync(Instance instance, string newName, CancellationToken cancellationToken)
    {
        if (newName.Length == 0)
            throw EngineException.Invalid("name: Neither old nor new names may be empty");
        InstanceNames.Validate(newName);
        string name = newName.TrimStart('/');
        return HeldAsync(instance, () =>
        {
            string old = instance.Name;
            if (name == old)
                throw EngineException.Invalid("name: Renaming a container with the same name as its current name");
            context.Registry.Reserve(name, instance.Id);
            try
            {
                context.Store.SaveDefinition(name, instance.Definition);
            }
            catch
            {
                context.Registry.Release(name);
                throw;
            }
            instance.Name = name;
            context.Registry.Release(old);
            networks.Renamed(instance);
            context.Events.Publish(instance, "rename", ("oldName", "/" + old));
        }, cancellationToken);
    }

    public async Task<UpdateResult> UpdateAsync(Instance instance, UpdateConfig update, CancellationToken cancellationToken)
    {
        UnknownFields.Refuse(update.Unknown, "");
        var warnings = new List<string>();
        await HeldAsync(instance, () =>
        {
            HostConfig changed = UpdateMerge.Merge(instance.Definition.HostConfig, update, context.Host);
            if (changed.IsMachine)
                CheckMachine(instance, changed);
            RequestValidator.CheckResources(changed, context.Host, warnings);
            RequestValidator.CheckRestart(update.RestartPolicy, changed.AutoRemove);
            if (instance.State.IsRunning)
                OnCgroup(instance, cgroup => cgroup.Apply(ResourcePlan.Build(changed.IsMachine ? MachineSize.Sandbox(changed) : changed, context.Host)));
            InstanceDefinition definition = instance.Definition with { HostConfig = changed };
            context.Store.SaveDefinition(instance.Name, definition);
            instance.Definition = definition;
            context.Events.Publish(instance, "update");
        }, cancellationToken);
        return new UpdateResult { Warnings = warnings };
    }

    // Memory and processors are built into a machine when it starts; more or less of a processor's time is possible at any moment.
    private static void CheckMachine(Instance instance, HostConfig changed)
    {
        MachineRules.CheckSize(changed);
        HostConfig now = instance.Definition.HostConfig;
        if (instance.State.IsRunning && (changed.Memory != now.Memory || changed.MemorySwap != now.MemorySwap))
            throw EngineException.Conflict($"Memory: virtual machine {instance.Name} runs with what it was started with: stop it, update it, and start it again");
    }

    private async Task HeldAsync(Instance instance, Action change, CancellationToken cancellationToken)
    {
        await instance.Gate.WaitAsync(cancellationToken);
        try
        {
            // Removed meanwhile: a change would answer for what is gone, and a new name would stay taken.
            if (context.Registry.Find(instance.Id) != instance)
                throw EngineException.NotFound($"No such container: {instance.Id}");
            change();
        }
        finally
        {
            instance.Gate.Release();
        }
    }

    /// <summary>Thaws, unless it has ended.</summary>
    private void Thaw(Instance instance)
    {
        try
        {
            OnCgroup(instance, static cgroup => cgroup.Thaw());
        }
        catch (EngineException e) when (e.Kind == EngineErrorKind.Conflict)
        {
            // Nothing is left to thaw.
        }
    }

    /// <summary>Its cgroup goes with the process, a moment before the end is recorded.</summary>
    public static bool HasEnded(Instance instance) => instance.State.Pid is var pid && (pid == 0 || !Directory.Exists($"/proc/{pid}"));

    private void OnCgroup(Instance instance, Action<ICgroup> action)
    {
        try
        {
            action(context.Cgroups.Open(context.CgroupPath(instance.Definition)));
        }
        catch (CgroupException) when (HasEnded(instance))
        {
            throw EngineException.Conflict($"container {instance.Id} is not running: it has just ended");
        }
        catch (CgroupException e)
        {
            throw new EngineException(EngineErrorKind.System, $"container {instance.Name}: {e.Message}", e);
        }
    }
}
