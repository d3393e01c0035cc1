using Berth.Containers.Namespaces;
using Berth.Engine.State;
using Berth.Images;
using Berth.Images.Containers;
using Berth.Images.Layers;
using Berth.Images.Spec;
using Berth.Linux;
using ImagePathStat = Berth.Images.Containers.PathStat;

namespace Berth.Engine.Instances;

/// <summary>Files of instances: copies in and out, differences, exports and images made of them. Every path is resolved inside the instance's root.</summary>
internal sealed class InstanceArchive(EngineContext context)
{
    public PathStat Stat(Instance instance, string path) => Images.ImageService.Translated(() =>
    {
        using FileDescriptor root = InstanceRoot.Open(context, instance);
        ImagePathStat stat = ContainerFiles.Stat(root, path);
        return new PathStat { Name = stat.Name, Size = stat.Size, Mode = stat.Mode, Mtime = DockerTime.Format(stat.ModifiedAt), LinkTarget = stat.LinkTarget };
    });

    public Task CopyOutAsync(Instance instance, string path, Stream tar, CancellationToken cancellationToken) => Images.ImageService.TranslatedAsync(async () =>
    {
        using FileDescriptor root = InstanceRoot.Open(context, instance);
        IdMap? map = ShiftsIds(instance) ? IdMap.Of(instance.State.Pid) : null;
        await ContainerFiles.CopyOutAsync(root, path, tar, cancellationToken, map is null ? null : (uid, gid) => (map.ContainerUid(uid), map.ContainerGid(gid)));
        context.Events.Publish(instance, "archive-path");
        return true;
    });

    public Task CopyInAsync(Instance instance, string path, Stream tar, CopyInOptions options, CancellationToken cancellationToken) => Images.ImageService.TranslatedAsync(async () =>
    {
        if (instance.Definition.HostConfig.ReadonlyRootfs && !instance.Definition.Mounts.Any(m => !m.ReadOnly && (path + "/").StartsWith(m.Destination + "/", StringComparison.Ordinal)))
            throw new EngineException(EngineErrorKind.Forbidden, "container rootfs is marked read-only: copy into a writable mount");
        if (ShiftsIds(instance))
            throw EngineException.Conflict($"container {instance.Name} runs in a user namespace, where the host's root can make no files: stop it first, or use exec -i with tar x inside");
        using FileDescriptor root = InstanceRoot.Open(context, instance);
        var extract = new TarExtractOptions { NoOverwriteDirNonDir = options.NoOverwriteDirNonDir, Owner = options.CopyUidGid ? null : (0u, 0u) };
        await ContainerFiles.CopyInAsync(root, path, tar, extract, cancellationToken);
        context.Events.Publish(instance, "extract-to-dir");
        return true;
    });

    public Task ExportAsync(Instance instance, Stream tar, CancellationToken cancellationToken) => Images.ImageService.TranslatedAsync(async () =>
    {
        await InstanceRoot.UseOwnFilesAsync(context, instance, root => ContainerFiles.ExportAsync(root, tar, cancellationToken));
        context.Events.Publish(instance, "export");
        return true;
    });

    public IReadOnlyList<FilesystemChange> Changes(Instance instance) => Images.ImageService.Translated<IReadOnlyList<FilesystemChange>>(() =>
        [.. LayerDiff.Compare(context.Paths.Upper(instance.Id), context.LowerDirectories(instance.Definition.ImageId))
            .Select(static change => new FilesystemChange { Path = change.Path, Kind = (int)change.Kind })]);

    public async Task<string> CommitAsync(Instance instance, CommitRequest request, CancellationToken cancellationToken)
    {
        InstanceDefinition definition = instance.Definition;
        ImageReference? reference = string.IsNullOrEmpty(request.Repo) ? null
            : Images.ImageService.Translated(() => Images.ImageService.Reference(request.Repo, request.Tag));
        var options = new CommitOptions
        {
            Base = context.Images.Get(definition.ImageId),
            Defaults = Defaults(request.Config is null ? definition.Config : Planning.ConfigMerge.Merge(request.Config, Defaults(definition.Config))),
            Changes = request.Changes,
            Author = request.Author,
            Comment = request.Comment,
            CreatedBy = string.Join(' ', definition.Arguments),
            Reference = reference,
        };
        Image image = await context.Images.CommitAsync(options, (layer, stop) => WriteLayerAsync(instance, layer, stop), cancellationToken);
        context.Events.Publish(instance, "commit", ("comment", request.Comment ?? ""), ("imageID", image.Id), ("imageRef", reference?.Familiar ?? ""));
        return image.Id;
    }

    // Removal does not wait for a commit: a layer of which files were deleted meanwhile is refused, not stored.
    private async Task WriteLayerAsync(Instance instance, Stream layer, CancellationToken cancellationToken)
    {
        try
        {
            await LayerTarWriter.WriteUpperAsync(context.Paths.Upper(instance.Id), layer, cancellationToken);
        }
        catch (LinuxException) when (IsRemoved(instance))
        {
            // Said below.
        }
        if (IsRemoved(instance))
            throw EngineException.Conflict($"container {instance.Name} was removed while it was committed");
    }

    private bool IsRemoved(Instance instance) => context.Registry.Find(instance.Id) != instance;

    private static bool ShiftsIds(Instance instance) => instance.State.IsRunning && Planning.UserNamespaces.IsOwn(instance.Definition.HostConfig);

    private static ImageDefaults Defaults(Configuration.InstanceConfig config) => new()
    {
        User = config.User,
        ExposedPorts = config.ExposedPorts?.ToDictionary(static p => p.Key, static _ => new EmptyObject()),
        Env = config.Env,
        Entrypoint = config.Entrypoint,
        Cmd = config.Cmd,
        Volumes = config.Volumes?.ToDictionary(static v => v.Key, static _ => new EmptyObject()),
        WorkingDir = config.WorkingDir,
        Labels = config.Labels,
        StopSignal = config.StopSignal,
        StopTimeout = config.StopTimeout,
        Healthcheck = config.Healthcheck is { } h
            ? new HealthCheck { Test = h.Test, Interval = Set(h.Interval), Timeout = Set(h.Timeout), StartPeriod = Set(h.StartPeriod), StartInterval = Set(h.StartInterval), Retries = h.Retries == 0 ? null : h.Retries }
            : null,
        OnBuild = config.OnBuild,
        Shell = config.Shell,
    };

    private static long? Set(long value) => value == 0 ? null : value;
}
