using Berth.Containers.Supervision;
using Berth.Engine.State;

namespace Berth.Engine.Instances;

/// <summary>Removes instances: the record first, so that a crash leaves files that the next start sweeps away, never a record without files.</summary>
internal sealed class InstanceRemover(EngineContext context)
{
    /// <summary>For the holder of the gate, when nothing runs.</summary>
    public async Task RemoveHeldAsync(Instance instance, bool volumes)
    {
        if (context.Registry.Find(instance.Id) != instance)
            return;
        InstanceState last = instance.State;
        instance.State = last with { Status = InstanceStatus.Removing };
        InstanceRunner.CancelRestart(instance);
        DeleteRecord(instance);
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
        if (last.StartedAt is not null)
            await ForgetAsync(instance);
    }

    // The supervisor still holds an exit that a full disk kept from being recorded; without the instance nobody else lets go of it.
    private async Task ForgetAsync(Instance instance)
    {
        try
        {
            await context.Supervisor.ForgetAsync(instance.Id, null, CancellationToken.None);
        }
        catch (Exception e) when (e is IOException or SupervisorException)
        {
            // The next start of the engine finds it without a record and forgets it then.
            EngineLog.Failed(context.Log, instance.Id, "forgetting its exit", e);
        }
    }

    // On a full disk the files go first, because that makes room; the next start drops a record without files.
    private void DeleteRecord(Instance instance)
    {
        try
        {
            context.Store.Delete(instance.Id);
        }
        catch (EngineException e) when (e.Kind == EngineErrorKind.NoSpace)
        {
            Trees.Delete(context.Paths.Container(instance.Id));
            try
            {
                context.Store.Delete(instance.Id);
            }
            catch (EngineException still) when (still.Kind == EngineErrorKind.NoSpace)
            {
                EngineLog.Failed(context.Log, instance.Id, "deleting its record", still);
            }
        }
    }
}
