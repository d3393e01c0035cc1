using Berth.Build;
using Berth.Build.Dockerfiles;
using Berth.Build.Ignore;
using Berth.Engine.Images;
using Berth.Images;
using Berth.Images.Building;
using Berth.Images.Spec;
using Berth.Images.Tar;

namespace Berth.Engine.Builds;

/// <summary>Builds images from Dockerfiles, and keeps the cache of their steps. Errors are <see cref="EngineException"/>.</summary>
public sealed class BuildService
{
    private const long KeptCacheBytes = 20L << 30;

    private readonly BuildParts _parts;
    private readonly Lock _gate = new();
    private readonly HashSet<Task> _running = [];

    internal BuildService(BuildParts parts) => _parts = parts;

    /// <summary>Builds an image.</summary>
    /// <param name="request">What to build.</param>
    /// <param name="context">The context as a tar, plain or compressed; not read when the request names where to fetch it.</param>
    /// <param name="progress">Is told how it goes.</param>
    /// <param name="cancellationToken">Ends it; what was built so far stays in the cache.</param>
    /// <returns>The image's id.</returns>
    public async Task<string> BuildAsync(BuildRequest request, Stream context, IBuildProgress progress, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _parts.Context.Stopping.Token);
        Task<string> build = TranslatedAsync(() => RunAsync(request, context, progress, either.Token));
        lock (_gate)
            _running.Add(build);
        try
        {
            return await build;
        }
        finally
        {
            lock (_gate)
                _running.Remove(build);
        }
    }

    /// <summary>The cache: steps, last used first.</summary>
    public IReadOnlyList<BuildCacheEntry> Cache() => _parts.Images.Store.BuildCache();

    /// <summary>The directories that <c>RUN --mount=type=cache</c> keeps.</summary>
    public IReadOnlyList<(string Name, long Size, bool InUse, DateTimeOffset LastUsed)> CacheMounts() => _parts.Caches.List();

    /// <summary>Empties the cache; with <paramref name="keepBytes"/> above 0 or a time only steps unused for long.</summary>
    public PrunedSteps Prune(long keepBytes, DateTimeOffset? usedBefore)
    {
        PrunedSteps steps = _parts.Images.Store.PruneBuildCache(keepBytes, usedBefore);
        if (keepBytes > 0 || usedBefore is not null)
            return steps;
        (IReadOnlyList<string> names, long bytes) = _parts.Caches.Prune();
        return new PrunedSteps([.. steps.Ids, .. names], steps.Bytes + bytes);
    }

    internal Task SettledAsync()
    {
        lock (_gate)
            return Task.WhenAll(_running).ContinueWith(static _ => { }, TaskScheduler.Default);
    }

    private async Task<string> RunAsync(BuildRequest request, Stream context, IBuildProgress progress, CancellationToken cancellationToken)
    {
        _parts.Processes.Check(request.Commands);
        using BuildSession session = _parts.Images.Store.BeginBuild();
        var files = new BuildContext(session.NewDirectory());
        if (request.Remote is { } remote)
            await FetchAsync(remote, session, files, cancellationToken);
        else
            await files.ReceiveAsync(context, ArchiveLimits.Default, cancellationToken);
        // A client that takes the Dockerfile from elsewhere sends it under a name of no meaning.
        string name = request.Dockerfile.StartsWith(".dockerfile.", StringComparison.Ordinal) ? "Dockerfile" : request.Dockerfile;
        byte[] text = files.Read(request.Dockerfile, BuildLimits.MaxFileBytes)
            ?? throw EngineException.Invalid($"Cannot locate specified Dockerfile: {Shown.Text(request.Dockerfile)}");
        Dockerfile file = DockerfileParser.Parse(name, text);
        string own = request.Dockerfile + ".dockerignore";
        if (files.Read(own, BuildLimits.MaxFileBytes) is { } ownIgnore)
            files.Filter(IgnoreFile.Parse(own, ownIgnore));
        else if (files.Read(".dockerignore", BuildLimits.MaxFileBytes) is { } ignore)
            files.Filter(IgnoreFile.Parse(".dockerignore", ignore));
        var run = new BuildRun(_parts, request, file, session, files, progress, cancellationToken);
        foreach (string warning in file.Warnings)
            await progress.WarnAsync(warning);
        StageResult result = await run.RunAsync();
        if (run.Arguments.Unused.ToArray() is { Length: > 0 } unused)
            await progress.WarnAsync($"One or more build-args [{Shown.Text(string.Join(' ', unused))}] were not consumed");
        string image = await FinishAsync(run, result, cancellationToken);
        foreach (ImageReference reference in request.Names)
            _parts.Images.Publish("tag", image, reference.WithDefaultTag().Familiar);
        _parts.Images.Store.PruneBuildCache(KeptCacheBytes, null);
        return image;
    }

    private static async Task FetchAsync(string remote, BuildSession session, BuildContext files, CancellationToken cancellationToken)
    {
        string scratch = session.NewDirectory();
        if (GitAddress.IsMeant(remote))
            await GitRepository.CheckOutAsync(GitAddress.Parse(remote), scratch, files, ArchiveLimits.Default, cancellationToken);
        else if (RemoteFile.IsAddress(remote))
            await files.ReceiveFileAsync(Path.Combine(scratch, await RemoteFile.FetchAsync(remote, scratch, null, cancellationToken)), ArchiveLimits.Default, cancellationToken);
        else
            throw EngineException.Invalid($"remote: \"{Shown.Text(remote)}\" is no address: use that of a git repository (https://HOST/PATH.git), an archive or a Dockerfile");
        BuildSession.DeleteDirectory(scratch);
    }

    private static Task<string> FinishAsync(BuildRun run, StageResult result, CancellationToken cancellationToken)
    {
        ImageConfig config = result.Config;
        if (run.Request.Labels.Count > 0)
            config = config with { Config = Berth.Images.Import.ImageChange.WithLabels(config.Config ?? new ImageDefaults(), run.Request.Labels.Select(static label => (label.Key, label.Value))) };
        return run.Session.FinishAsync(config, result.Stack, run.Epoch, !run.Request.NoCache, run.Request.Names, cancellationToken);
    }

    private static async Task<string> TranslatedAsync(Func<Task<string>> build)
    {
        try
        {
            return await ImageService.TranslatedAsync(build);
        }
        catch (DockerfileException e)
        {
            EngineErrorKind kind = e.InnerException is EngineException { Kind: EngineErrorKind.NoSpace } or ImageException { Code: ImageErrorCode.NoSpace } ? EngineErrorKind.NoSpace : EngineErrorKind.InvalidParameter;
            throw new EngineException(kind, e.Message, e) { ExitCode = e.ExitCode };
        }
    }
}
