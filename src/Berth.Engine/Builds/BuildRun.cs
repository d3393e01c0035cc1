using System.Collections.Concurrent;
using System.Globalization;
using Berth.Build;
using Berth.Build.Dockerfiles;
using Berth.Build.Expansion;
using Berth.Build.Stages;
using Berth.Containers.Lifecycle;
using Berth.Images;
using Berth.Images.Building;
using Berth.Images.Spec;
using Berth.Images.Tar;
using Berth.Linux;

namespace Berth.Engine.Builds;

/// <summary>One build under way: what its stages share. A stage is built when it is first asked for, beside the others, and once.</summary>
internal sealed class BuildRun
{
    private readonly ConcurrentDictionary<int, Lazy<Task<StageResult>>> _stages = new();
    private readonly Dictionary<string, string?> _global = new(StringComparer.Ordinal);
    private readonly Dictionary<Instruction, BuildStep> _steps = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<int, BuildStep> _begins = [];
    private readonly CancellationTokenSource _failed;

    public BuildRun(BuildParts parts, BuildRequest request, Dockerfile file, BuildSession session, BuildContext context, IBuildProgress progress, CancellationToken cancellationToken)
    {
        Parts = parts;
        Request = request;
        File = file;
        Session = session;
        Context = context;
        Progress = progress;
        Graph = new StageGraph(file);
        Target = Graph.Target(request.Target);
        Arguments = new BuildArguments(request.Arguments, Platform.HostArchitecture, Target.Name ?? "");
        Images = new BaseImages(parts.Images, parts.Registries, request, progress);
        Epoch = ReadEpoch(request);
        _failed = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        ReadGlobalArguments();
    }

    public BuildParts Parts { get; }

    public BuildRequest Request { get; }

    public Dockerfile File { get; }

    public BuildSession Session { get; }

    public BuildContext Context { get; }

    public IBuildProgress Progress { get; }

    public StageGraph Graph { get; }

    public Stage Target { get; }

    public BuildArguments Arguments { get; }

    public BaseImages Images { get; }

    /// <summary>SOURCE_DATE_EPOCH: the latest time that the image shows.</summary>
    public DateTimeOffset? Epoch { get; }

    public TarTime? Latest => Epoch is { } epoch ? new TarTime(epoch.ToUnixTimeSeconds()) : null;

    /// <summary>Cancelled when the client leaves or another stage fails.</summary>
    public CancellationToken Cancellation => _failed.Token;

    /// <summary>Builds what the target needs.</summary>
    /// <exception cref="DockerfileException">The first failure; what runs beside it has ended then.</exception>
    public async Task<StageResult> RunAsync()
    {
        IReadOnlyList<Stage> needed = Graph.Needed(Target, BaseOf);
        Number(needed);
        Progress.HasStages = needed.Count > 1;
        Task<StageResult>[] all = [.. needed.Select(StageAsync)];
        var first = new TaskCompletionSource<Exception?>();
        await Task.WhenAll(all.Select(async stage =>
        {
            try
            {
                await stage;
            }
            catch (Exception e)
            {
                if (first.TrySetResult(e))
                    await _failed.CancelAsync();
            }
        }));
        if (first.Task.IsCompleted)
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw((await first.Task)!);
        return await StageAsync(Target);
    }

    public Task<StageResult> StageAsync(Stage stage) =>
        _stages.GetOrAdd(stage.Index, _ => new Lazy<Task<StageResult>>(() => Task.Run(() => new StageBuild(this, stage).RunAsync()))).Value;

    /// <summary>The stage's or image's file system that a <c>--from</c> names.</summary>
    public async Task<LayerList> SourceAsync(Stage stage, string from, int line) => Graph.SourceOf(stage, from, line) is { } source
        ? (await StageAsync(source)).Stack
        : from == "scratch" ? LayerList.Empty : Session.Use(await Images.GetAsync(from, null, Cancellation));

    /// <summary>The FROM of a stage with its variables replaced.</summary>
    public string BaseOf(Stage stage)
    {
        string name = Expanded(stage.Base, stage.Line);
        return name.Length > 0 ? name : throw new DockerfileException(File.FileName, stage.Line, $"base name ({Shown.Text(stage.Base)}) should not be blank: give the variable with --build-arg, or a default with ARG before the first FROM");
    }

    public string? PlatformOf(Stage stage) => stage.Platform is null ? null : Expanded(stage.Platform, stage.Line);

    /// <summary>Value of an ARG that stands before the first FROM; null when there is none.</summary>
    public string? Global(string name) => _global.GetValueOrDefault(name);

    public BuildStep Begin(Stage stage) => _begins[stage.Index];

    public BuildStep Step(Stage stage, Instruction instruction) =>
        _steps.TryGetValue(instruction, out BuildStep? step) ? step : Begin(stage) with { Text = $"ONBUILD {instruction.Text}" };

    /// <summary>A step of the cache, unless the cache is not wanted.</summary>
    public CachedStep? Find(Digest key) => Request.NoCache ? null : Session.Find(key);

    /// <summary>Mounts a stack where nobody else sees it. What is written goes to <paramref name="upper"/>.</summary>
    public FileDescriptor Open(LayerList stack, string upper, string work) => ContainerFilesystem.OpenRoot(new OverlayRootfs(Session.Directories(stack), upper, work));

    /// <summary>Mounts a stack to be read.</summary>
    public FileDescriptor Open(LayerList stack) => Open(stack, Session.NewDirectory(), Session.NewDirectory());

    private string Expanded(string text, int line)
    {
        try
        {
            return new Expander(File.Escape, name => Global(name) ?? Arguments.Platform(name)).Expand(text);
        }
        catch (ExpansionException e)
        {
            throw new DockerfileException(File.FileName, line, e.Message, e);
        }
    }

    private void ReadGlobalArguments()
    {
        foreach (ArgInstruction instruction in File.GlobalArguments)
        {
            foreach ((string name, string? value) in instruction.Arguments)
                _global[name] = Arguments.Take(name) ?? (value is null ? Arguments.Platform(name) : Expanded(value, instruction.Line));
        }
    }

    private void Number(IReadOnlyList<Stage> needed)
    {
        int total = needed.Sum(static stage => 1 + stage.Instructions.Count), number = 0;
        foreach (Stage stage in needed)
        {
            _begins[stage.Index] = new BuildStep(++number, total, stage.Title, $"FROM {(stage.Platform is null ? "" : $"--platform={stage.Platform} ")}{stage.Base}{(stage.Name is null ? "" : $" AS {stage.Name}")}");
            foreach (Instruction instruction in stage.Instructions)
                _steps[instruction] = new BuildStep(++number, total, stage.Title, instruction.Text);
        }
    }

    private static DateTimeOffset? ReadEpoch(BuildRequest request)
    {
        if (!request.Arguments.TryGetValue("SOURCE_DATE_EPOCH", out string? text) || text.Length == 0)
            return null;
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long seconds) && seconds <= 253402300799
            ? DateTimeOffset.FromUnixTimeSeconds(seconds)
            : throw EngineException.Invalid($"SOURCE_DATE_EPOCH: \"{Shown.Text(text)}\" is not a number of seconds since 1970");
    }
}
