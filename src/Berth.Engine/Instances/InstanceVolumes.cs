using Berth.Engine.State;
using Berth.Engine.Volumes;
using Berth.Linux;

namespace Berth.Engine.Instances;

/// <summary>Makes the volumes of an instance ready for its start: those with options are mounted, and empty ones get what the image has at
/// their place. Instances that share a volume wait for each other.</summary>
internal sealed class InstanceVolumes(EngineContext context)
{
    // A volume's gate is shared by others with names of the same hash: they wait for each other in vain, but nobody has to forget gates.
    private readonly SemaphoreSlim[] _gates = [.. Enumerable.Range(0, 64).Select(static _ => new SemaphoreSlim(1))];

    public async Task PrepareAsync(Instance instance)
    {
        bool first = !instance.VolumesFilled && instance.State.StartedAt is null;
        foreach (PlannedMount mount in instance.Definition.Mounts.Where(static m => m.Type == "volume"))
        {
            SemaphoreSlim gate = _gates[(uint)mount.VolumeName!.GetHashCode(StringComparison.Ordinal) % _gates.Length];
            await gate.WaitAsync();
            try
            {
                VolumeRow volume = context.Volumes.Ensure(mount.VolumeName!, mount.Anonymous, mount.VolumeLabels, mount.VolumeOptions);
                context.Volumes.Mounts.Acquire(volume, instance.Id);
                var filling = new VolumeFilling(context.Paths, volume);
                filling.Resume();
                if (first && !mount.NoCopy && filling.IsEmpty)
                    await FillAsync(instance, mount, filling);
            }
            catch (LinuxException e)
            {
                throw new EngineException(EngineErrorKind.System, $"volume {mount.VolumeName}: {e.Message}", e);
            }
            finally
            {
                gate.Release();
            }
        }
        instance.VolumesFilled = true;
    }

    /// <summary>The instance runs no longer.</summary>
    public void Release(Instance instance)
    {
        foreach (PlannedMount mount in instance.Definition.Mounts.Where(static m => m.Type == "volume"))
            context.Volumes.Mounts.Release(mount.VolumeName!, instance.Id);
    }

    private async Task FillAsync(Instance instance, PlannedMount mount, VolumeFilling filling)
    {
        bool copied = false;
        await InstanceRoot.UseImageAsync(context, instance, async root =>
        {
            using FileDescriptor? place = PathWalker.TryOpenInRoot(root, mount.Destination, Libc.O_RDONLY | Libc.O_DIRECTORY, out _);
            if (place is null)
                return;
            using FileDescriptor target = filling.Begin();
            await InstanceRoot.CopyAsync(root, mount.Destination, target);
            VolumeFilling.CopyAttributes(place, target);
            copied = true;
        });
        if (copied)
            filling.Finish();
    }
}
