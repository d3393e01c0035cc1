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
        await UseAsync([overlay.UpperDirectory, .. overlay.LowerDirectories], Path.GetDirectoryName(overlay.UpperDirectory)!, use);
    }

    /// <summary>The root of an instance that has not been started yet: what its image has.</summary>
    public static async Task UseImageAsync(EngineContext context, Instance instance, Func<FileDescriptor, Task> use)
    {
        if (instance.Definition.IsMachine)
        {
            // Its own files are on a disk.
            await UseAsync(context.LowerDirectories(instance.Definition.ImageId), context.Paths.Container(instance.Id), use);
            return;
        }
        using FileDescriptor root = ContainerFilesystem.OpenRoot(Overlay(context, instance));
        await use(root);
    }

    /// <summary>Copies what lies in a directory of a root into another directory, with owners, permissions, times and attributes.</summary>
    public static async Task CopyAsync(FileDescriptor root, string directory, FileDescriptor target)
    {
        await TarPipe.RunAsync(
            output => ContainerFiles.CopyOutAsync(root, directory.TrimEnd('/') + "/.", output, CancellationToken.None),
            input => ContainerFiles.CopyInAsync(target, "/", input, new TarExtractOptions(), CancellationToken.None));
    }

    private static async Task UseAsync(IReadOnlyList<string> layers, string place, Func<FileDescriptor, Task> use)
    {
        string scratch = Path.Combine(place, $"view-{Guid.NewGuid():n}");
        try
        {
            string upper = Directory.CreateDirectory(Path.Combine(scratch, "upper")).FullName;
            string work = Directory.CreateDirectory(Path.Combine(scratch, "work")).FullName;
            using FileDescriptor root = ContainerFilesystem.OpenRoot(new OverlayRootfs(layers, upper, work));
            await use(root);
        }
        finally
        {
            Directory.Delete(scratch, recursive: true);
        }
    }

    private static OverlayRootfs Overlay(EngineContext context, Instance instance) =>
        new(context.LowerDirectories(instance.Definition.ImageId), context.Paths.Upper(instance.Id), context.Paths.Work(instance.Id));
}
