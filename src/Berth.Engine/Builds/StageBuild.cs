using System.Globalization;
using Berth.Build;
using Berth.Build.Dockerfiles;
using Berth.Build.Expansion;
using Berth.Containers.Lifecycle;
using Berth.Engine.Planning;
using Berth.Images;
using Berth.Images.Building;
using Berth.Images.Import;
using Berth.Images.Spec;
using Berth.Linux;

namespace Berth.Engine.Builds;

/// <summary>Builds one stage, instruction by instruction. What touches files is a step that the cache knows; the rest is configuration.</summary>
internal sealed class StageBuild(BuildRun run, Stage stage)
{
    private static readonly string[] DefaultShell = ["/bin/sh", "-c"];

    private readonly Dictionary<string, string> _arguments = new(StringComparer.Ordinal);
    private readonly List<HistoryEntry> _history = [];
    private ImageConfig _config = new() { Architecture = Platform.HostArchitecture, Os = "linux", Rootfs = new RootFs { DiffIds = [] } };
    private bool _ownCommand;

    public BuildRun Run => run;

    public Stage Stage => stage;

    /// <summary>The file system so far.</summary>
    public LayerList Stack { get; private set; } = LayerList.Empty;

    public ImageDefaults Defaults { get; private set; } = new();

    /// <summary>Where commands run and relative paths begin.</summary>
    public string WorkingDirectory => string.IsNullOrEmpty(Defaults.WorkingDir) ? "/" : Defaults.WorkingDir;

    public IReadOnlyList<string> Shell => Defaults.Shell is { Count: > 0 } shell ? shell : DefaultShell;

    /// <summary>ARGs that no ENV hides, as NAME=value.</summary>
    public IReadOnlyList<string> Arguments =>
        [.. _arguments.Where(argument => Variable(argument.Key) is null).OrderBy(static a => a.Key, StringComparer.Ordinal).Select(static a => $"{a.Key}={a.Value}")];

    private DateTimeOffset Created { get; set; } = DateTimeOffset.UnixEpoch;

    public async Task<StageResult> RunAsync()
    {
        foreach (Instruction trigger in await BeginAsync())
            await StepAsync(trigger);
        foreach (Instruction instruction in stage.Instructions)
            await StepAsync(instruction);
        return new StageResult(Stack, _config with { Config = Defaults, History = _history }, Created);
    }

    /// <summary>Replaces variables.</summary>
    public string Expand(string text) => Expander.Expand(text);

    public string ExpandDocument(string text) => Expander.ExpandDocument(text);

    /// <summary>A path made absolute and normal; a slash at its end stays.</summary>
    public string Absolute(string path)
    {
        string joined = path.StartsWith('/') ? path : $"{WorkingDirectory.TrimEnd('/')}/{path}";
        string normal = MountPlanner.Normalize(joined);
        return (path.EndsWith('/') || path is "." or ".." || path.EndsWith("/.", StringComparison.Ordinal)) && normal != "/" ? normal + "/" : normal;
    }

    /// <summary>A step whose result depends on its key alone: taken from the cache, or built and kept there.</summary>
    /// <param name="instruction">The instruction.</param>
    /// <param name="quick">A key that is cheap to find; null when only contents tell.</param>
    /// <param name="thorough">The key made of contents.</param>
    /// <param name="build">Builds it.</param>
    /// <param name="history">Its line in the history.</param>
    public async Task FileStepAsync(Instruction instruction, Digest? quick, Func<Task<Digest?>> thorough, Func<Task<LayerList>> build, string history)
    {
        BuildStep step = run.Step(stage, instruction);
        LayerList below = Stack;
        CachedStep? found = quick is { } q ? run.Find(q) : null;
        Digest? slow = null;
        if (found is null && (slow = await thorough()) is { } s && (found = run.Find(s)) is not null && quick is { } learned)
            run.Session.Record(learned, below, found.Stack, instruction.Text, found.Created);
        if (found is not null)
        {
            await run.Progress.CachedAsync(step);
        }
        else
        {
            LayerList stack = await build();
            foreach (Digest key in ((Digest?[])[quick, slow]).OfType<Digest>())
                found = run.Session.Record(key, below, stack, instruction.Text, run.Epoch ?? found?.Created);
        }
        Stack = found!.Stack;
        Created = found.Created;
        AddHistory(history, Stack.Count == below.Count);
    }

    private Expander Expander => new(run.File.Escape, name => Variable(name) ?? _arguments.GetValueOrDefault(name));

    private string? Variable(string name) =>
        Defaults.Env?.LastOrDefault(entry => entry.StartsWith(name + "=", StringComparison.Ordinal)) is { } found ? found[(name.Length + 1)..] : null;

    private async Task<IReadOnlyList<Instruction>> BeginAsync()
    {
        BuildStep step = run.Begin(stage);
        await run.Progress.BeginAsync(step);
        IReadOnlyList<string> triggers = await GuardedAsync(stage.Line, () => LoadBaseAsync(run.BaseOf(stage)));
        await run.Progress.DoneAsync(step, Short(Stack.Name));
        return triggers.Count == 0 ? [] : DockerfileParser.ParseTriggers(run.BaseOf(stage), triggers, stage.Line, run.File.FileName);
    }

    private async Task<IReadOnlyList<string>> LoadBaseAsync(string name)
    {
        if (run.Graph.BaseOf(stage, name) is { } below)
        {
            StageResult result = await run.StageAsync(below);
            (Stack, _config, Created) = (result.Stack, result.Config, result.Created);
        }
        else if (name == "scratch")
        {
            Defaults = new ImageDefaults { Env = [SpecBuilder.DefaultPath], WorkingDir = "/" };
            Created = run.Epoch ?? Created;
            return [];
        }
        else
        {
            Image image = await run.Images.GetAsync(name, run.PlatformOf(stage), run.Cancellation);
            (Stack, _config, Created) = (run.Session.Use(image), image.Config, image.Created);
        }
        _history.AddRange(_config.History ?? []);
        Defaults = (_config.Config ?? new ImageDefaults()) with { OnBuild = null };
        return _config.Config?.OnBuild ?? [];
    }

    private async Task StepAsync(Instruction instruction)
    {
        run.Cancellation.ThrowIfCancellationRequested();
        BuildStep step = run.Step(stage, instruction);
        await run.Progress.BeginAsync(step);
        await GuardedAsync(instruction.Line, async () =>
        {
            await ApplyAsync(instruction);
            return true;
        });
        await run.Progress.DoneAsync(step, Short(Stack.Name));
    }

    // Whatever a step's failure is: the user learns which line it was.
    private async Task<T> GuardedAsync<T>(int line, Func<Task<T>> work)
    {
        try
        {
            return await work();
        }
        catch (Exception e) when (e is ImageException or EngineException or ExpansionException or ContainerStartException or IOException or UnauthorizedAccessException)
        {
            throw new DockerfileException(run.File.FileName, line, e.Message, e) { ExitCode = (e as EngineException)?.ExitCode ?? 0 };
        }
    }

    private async Task ApplyAsync(Instruction instruction)
    {
        switch (instruction)
        {
            case RunInstruction command:
                await new RunStep(this, command).ApplyAsync();
                return;
            case CopyInstruction copy:
                await new CopyStep(this, copy).ApplyAsync();
                return;
            case WordsInstruction { Kind: WordsKind.WorkDirectory } work:
                await EnterAsync(work);
                return;
            default:
                Configure(instruction);
                AddHistory(instruction.Text, isEmpty: true);
                return;
        }
    }

    private void Configure(Instruction instruction)
    {
        switch (instruction)
        {
            case ArgInstruction argument:
                foreach ((string name, string? value) in argument.Arguments)
                    Declare(name, value);
                break;
            case PairsInstruction pairs:
                (string, string)[] expanded = [.. pairs.Pairs.Select(pair => (Expand(pair.Key), Expand(pair.Value)))];
                Defaults = pairs.IsLabel ? ImageChange.WithLabels(Defaults, expanded) : ImageChange.WithVariables(Defaults, expanded);
                break;
            case CommandInstruction command:
                Configure(command);
                break;
            case HealthInstruction health:
                Defaults = ImageChange.Apply(Defaults, [$"HEALTHCHECK {health.Arguments}"])!;
                break;
            case TriggerInstruction trigger:
                Defaults = Defaults with { OnBuild = [.. Defaults.OnBuild ?? [], trigger.Trigger] };
                break;
            case WordsInstruction words:
                Configure(words);
                break;
            default:
                throw new InvalidOperationException($"no way to apply {instruction.GetType().Name}");
        }
    }

    private void Declare(string name, string? value)
    {
        string? given = run.Arguments.Take(name) ?? (value is not null ? Expand(value) : run.Global(name) ?? run.Arguments.Platform(name));
        if (given is not null)
            _arguments[name] = given;
        else
            _arguments.Remove(name);
    }

    private void Configure(CommandInstruction command)
    {
        IReadOnlyList<string> words = command.Command.With(Shell);
        switch (command.Kind)
        {
            case CommandKind.Shell:
                Defaults = Defaults with { Shell = words };
                break;
            case CommandKind.Command:
                Defaults = Defaults with { Cmd = words };
                _ownCommand = true;
                break;
            default:
                // The base's arguments were for the base's entrypoint.
                Defaults = Defaults with { Entrypoint = words, Cmd = _ownCommand ? Defaults.Cmd : null };
                break;
        }
    }

    private void Configure(WordsInstruction words)
    {
        switch (words.Kind)
        {
            case WordsKind.Expose:
                Defaults = ImageChange.WithPorts(Defaults, words.Words.SelectMany(word => Expander.ExpandWords(word)), words.Text);
                break;
            case WordsKind.Volume:
                Defaults = ImageChange.WithVolumes(Defaults, words.Words.Select(Expand));
                break;
            case WordsKind.User:
                Defaults = Defaults with { User = Needed(Expand(words.Words[0]), "USER") };
                break;
            case WordsKind.StopSignal:
                string signal = Expand(words.Words[0]);
                SignalNames.Parse(signal, "STOPSIGNAL");
                Defaults = Defaults with { StopSignal = signal };
                break;
            default:
                _config = _config with { Author = words.Words[0] };
                break;
        }
    }

    private async Task EnterAsync(WordsInstruction work)
    {
        string path = Absolute(Needed(Expand(work.Words[0]), "WORKDIR")) is var absolute && absolute.Length > 1 ? absolute.TrimEnd('/') : absolute;
        Digest key = new StepKey("workdir", Stack.Name).Add(path).Add(EpochText).Finish();
        await FileStepAsync(work, key, static () => Task.FromResult<Digest?>(null), async () =>
        {
            string upper = run.Session.NewDirectory();
            using (FileDescriptor root = run.Open(Stack, upper, run.Session.NewDirectory()))
                PathWalker.MakeDirectories(root, path, 0x1ED /* 0755 */).Dispose();
            return await run.Session.CommitAsync(Stack, upper, run.Latest, run.Cancellation);
        }, work.Text);
        Defaults = Defaults with { WorkingDir = path };
    }

    /// <summary>What SOURCE_DATE_EPOCH adds to a key: it changes the files' times.</summary>
    public string EpochText => run.Epoch?.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture) ?? "";

    private static string Needed(string text, string keyword) => text.Length > 0 ? text : throw EngineException.Invalid($"{keyword} is empty after its variables were replaced");

    private void AddHistory(string text, bool isEmpty) => _history.Add(new HistoryEntry
    {
        Created = Created.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture),
        CreatedBy = text.Length <= 4096 ? text : text[..4096],
        EmptyLayer = isEmpty,
    });

    private static string Short(string name) => name.StartsWith("sha256:", StringComparison.Ordinal) ? name[7..19] : name;
}
