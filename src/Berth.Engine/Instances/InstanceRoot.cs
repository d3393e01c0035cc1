using Berth.Containers.Lifecycle;
using Berth.Engine.State;
using Berth.Images.Containers;
using Berth.Images.Layers;
using Berth.Linux;

namespace Berth.Engine.Instances;

/// <summary>Opens the root directory of an instance, as its workload sees it, or mounted nowhere when none runs.</summary>
internal static class InstanceRoot
{
    public static FileDescriptor Open(EngineContext context, Instance instance)
    {
        InstanceState state = instance.State;
        try
        {
            if (!state.IsRunning)
                return ContainerFilesystem.OpenRoot(Overlay(context, instance));
            using FileDescriptor process = Libc.OpenProcess(state.Pid);
            return ContainerFilesystem.OpenRunningRoot(state.Pid, process);
        }
        catch (LinuxException e) when (e.Errno == Errno.ESRCH)
        {
            throw new EngineException(EngineErrorKind.Conflict, $"container {instance.Name} has just ended: try again", e);
        }
        catch (LinuxException e)
        {
            throw new EngineException(EngineErrorKind.System, $"the files of container {instance.Name} cannot be opened: {e.Message}", e);
        }
    }

    /// <summary>
    /// The instance's own files without what is mounted over them, running or not: a second overlay whose lowest change is the
    /// instance's upper directory, with a throw-away upper of its own.
    /// </summary>
    public static async Task UseOwnFilesAsync(EngineContext context, Instance instance, Func<FileDescriptor, Task> use)
    {
        OverlayRootfs overlay = Overlay(context, instance);
        string scratch = Path.Combine(Path.GetDirectoryName(overlay.UpperDirectory)!, $"view-{Guid.NewGuid():n}");
        try
        {
            string upper = Directory.CreateDirectory(Path.Combine(scratch, "upper")).FullName;
            string work = Directory.CreateDirectory(Path.Combine(scratch, "work")).FullName;
            using FileDescriptor root = ContainerFilesystem.OpenRoot(new OverlayRootfs([overlay.UpperDirectory, .. overlay.LowerDirectories], upper, work));
            await use(root);
        }
        finally
        {
            Directory.Delete(scratch, recursive: true);
        }
    }

    /// <summary>Copies what the image has at a mount's place into the volume.</summary>
    public static async Task FillAsync(EngineContext context, Instance instance, PlannedMount mount)
    {
        using FileDescriptor root = ContainerFilesystem.OpenRoot(Overlay(context, instance));
        using (FileDescriptor? place = PathWalker.TryOpenInRoot(root, mount.Destination, Libc.O_RDONLY | Libc.O_DIRECTORY, out _))
        {
            if (place is null || Libc.ReadDirectory(place).Count == 0)
                return;
        }
        using FileDescriptor volume = Libc.Open(mount.Source, Libc.O_RDONLY | Libc.O_DIRECTORY);
        await TarPipe.RunAsync(
            output => ContainerFiles.CopyOutAsync(root, mount.Destination.TrimEnd('/') + "/.", output, CancellationToken.None),
            input => ContainerFiles.CopyInAsync(volume, "/", input, new TarExtractOptions(), CancellationToken.None));
    }

    private static OverlayRootfs Overlay(EngineContext context, Instance instance) =>
        new(context.LowerDirectories(instance.Definition.ImageId), context.Paths.Upper(instance.Id), context.Paths.Work(instance.Id));
}
