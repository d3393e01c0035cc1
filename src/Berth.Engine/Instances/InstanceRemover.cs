using Berth.Engine.State;

namespace Berth.Engine.Instances;

/// <summary>Removes instances: the record first, so that a crash leaves files that the next start sweeps away, never a record without files.</summary>
internal sealed class InstanceRemover(EngineContext context)
{
    /// <summary>For the holder of the gate, when nothing runs.</summary>
    public Task RemoveHeldAsync(Instance instance, bool volumes)
    {
        if (context.Registry.Find(instance.Id) != instance)
            return Task.CompletedTask;
        InstanceState last = instance.State;
        instance.State = last with { Status = InstanceStatus.Removing };
        InstanceRunner.CancelRestart(instance);
        context.Store.Delete(instance.Id);
        context.Registry.Remove(instance);
        try
        {
            Trees.Delete(context.Paths.Container(instance.Id));
            if (volumes)
            {
                foreach (PlannedMount mount in instance.Definition.Mounts.Where(static m => m.Anonymous))
                    context.Volumes.RemoveAnonymous(mount.VolumeName!);
            }
        }
        catch (IOException e)
        {
            // The files go with the next start of the engine.
            EngineLog.Failed(context.Log, instance.Id, "deleting its files", e);
        }
        context.Events.Publish(instance, "destroy");
        instance.Exits.Gone(last.ExitCode);
        return Task.CompletedTask;
    }
}
