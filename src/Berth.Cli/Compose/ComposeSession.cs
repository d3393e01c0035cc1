using Berth.Cli.CommandLine;
using Berth.Compose;
using Berth.Compose.Loading;
using Berth.Compose.Model;
using Berth.Compose.Planning;
using Berth.Compose.Running;

namespace Berth.Cli.Compose;

/// <summary>What a verb of compose works with: the project, the daemon, and what is there.</summary>
internal sealed class ComposeSession : IDisposable
{
    private readonly ComposeFlags _flags;
    private IProgressSink? _progress;
    private string? _input;

    /// <summary>For one call.</summary>
    public ComposeSession(CommandContext context, ComposeFlags flags)
    {
        Context = context;
        _flags = flags;
        Engine = new ApiEngine(context);
    }

    /// <summary>Streams and the daemon's place.</summary>
    public CommandContext Context { get; }

    /// <summary>The daemon.</summary>
    public ApiEngine Engine { get; }

    /// <summary>Questions to the daemon.</summary>
    public StateReader State => new(Engine);

    /// <summary>Never draw over lines: something else writes to the terminal too.</summary>
    public bool PlainProgress { get; init; }

    /// <summary>Say nothing about variables that are not set.</summary>
    public bool Quiet { get; init; }

    /// <summary>Shows what is being done.</summary>
    public IProgressSink Progress => _progress ??= _flags.Progress.Value switch
    {
        "quiet" => new QuietProgress(Context),
        "plain" => new PlainProgress(Context),
        null or "auto" or "tty" => Context.ErrorIsTerminal && !PlainProgress ? new LiveProgress(Context) : new PlainProgress(Context),
        var other => throw new UsageException($"invalid value \"{other}\" for --progress: use auto, tty, plain or quiet"),
    };

    /// <summary>Whether colours are wanted on standard output.</summary>
    public bool Colors => _flags.Ansi.Value switch
    {
        null or "auto" => Context.Colors.Enabled,
        "always" => true,
        "never" => false,
        var other => throw new UsageException($"invalid value \"{other}\" for --ansi: use never, always or auto"),
    };

    /// <summary>The project; <paramref name="targets"/> are services named on the command line.</summary>
    public Project Load(params IReadOnlyList<string> targets)
    {
        var project = ProjectLoader.Load(Source(targets));
        foreach (var target in targets)
        {
            _ = project.Service(target);
        }
        return project;
    }

    /// <summary>The project, or null when there are no files; its name either way.</summary>
    public (Project? Project, string Name) LoadIfAny(params IReadOnlyList<string> targets)
    {
        var source = Source(targets);
        if (ProjectLoader.HasFiles(source))
        {
            var project = Load(targets);
            return (project, project.Name);
        }
        return (null, ProjectName.Given(source) ?? throw new ComposeException("there is no compose.yaml here or above; name a file with -f, or a project with -p"));
    }

    /// <summary>The only container of a service, or the one of that number.</summary>
    public FoundContainer Container(string project, string service, long? number)
    {
        var containers = State.Containers(project).Where(one => one.Service == service && !one.OneOff).OrderBy(one => !one.IsRunning).ThenBy(one => one.Number).ToList();
        return containers.FirstOrDefault(one => number is null || one.Number == number)
            ?? throw new ComposeException(number is null ? $"service \"{service}\" has no container; start it with: berth compose up -d {service}" : $"service \"{service}\" has no container {number}");
    }

    /// <summary>Containers of the named services, or of all.</summary>
    public IReadOnlyList<FoundContainer> Containers(string project, IReadOnlyList<string> services) =>
        [.. State.Containers(project).Where(one => services.Count == 0 || services.Contains(one.Service))];

    /// <summary>Carries a plan out; true when nothing failed.</summary>
    public bool Run(Project? project, Plan plan, long? timeout = null, IReadOnlyDictionary<string, string>? images = null, CancellationToken cancellationToken = default) =>
        new PlanRunner(Actions(project, plan, timeout, images), Progress).Run(plan, cancellationToken);

    /// <inheritdoc/>
    public void Dispose()
    {
        (_progress as IDisposable)?.Dispose();
        Engine.Dispose();
    }

    private StepActions Actions(Project? project, Plan plan, long? timeout, IReadOnlyDictionary<string, string>? images) =>
        new(Engine, Progress, project, plan) { Timeout = timeout, Images = images ?? new Dictionary<string, string>() };

    private ProjectSource Source(IReadOnlyList<string> targets) => new()
    {
        Files = _flags.File.Values,
        Name = _flags.ProjectName.Value,
        Profiles = _flags.Profile.Values,
        EnvFiles = _flags.EnvFile.Values,
        Directory = _flags.ProjectDirectory.Value,
        WorkingDirectory = Environment.CurrentDirectory,
        Targets = targets,
        Environment = Environment.GetEnvironmentVariable,
        Warn = Quiet ? _ => { }
        : message => Context.Error.WriteLine($"{Context.ErrorColors.Yellow("WARNING:")} {message}"),
        ReadInput = () => _input ??= InputText.Read(Context.StdIn),
    };
}
