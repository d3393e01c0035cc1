using Berth.Engine.State;

namespace Berth.Engine.Instances;

/// <summary>Fills empty volumes with what the image has at their place, before the first start.</summary>
internal sealed class VolumeFiller(EngineContext context)
{
    public async Task FillAsync(Instance instance)
    {
        if (instance.VolumesFilled || instance.State.StartedAt is not null)
            return;
        foreach (PlannedMount mount in instance.Definition.Mounts)
        {
            if (mount.Type == "volume" && !mount.NoCopy && !Directory.EnumerateFileSystemEntries(mount.Source).Any())
                await InstanceRoot.FillAsync(context, instance, mount);
        }
        instance.VolumesFilled = true;
    }
}
