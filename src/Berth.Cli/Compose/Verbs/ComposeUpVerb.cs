using Berth.Cli.CommandLine;
using Berth.Compose.Planning;
using Berth.Compose.Running;

namespace Berth.Cli.Compose.Verbs;

/// <summary><c>berth compose up</c>.</summary>
internal sealed class ComposeUpVerb(ComposeFlags flags) : ComposeCommand(flags)
{
    private readonly CreationFlags _creation = new();
    private readonly BoolFlag _detach = new("detach", 'd', "Run in the background");
    private readonly BoolFlag _noStart = new("no-start", "Only create");
    private readonly BoolFlag _noDeps = new("no-deps", "Leave dependencies alone");
    private readonly BoolFlag _wait = new("wait", "Wait until all run, and are healthy where health is checked; implies -d");
    private readonly BoolFlag _abort = new("abort-on-container-exit", "Stop all when one ends");
    private readonly TextFlag _exitCodeFrom = new("exit-code-from", "SERVICE", "End with the exit code of a service; implies --abort-on-container-exit") { Completes = CompletionSource.ComposeServices };
    private readonly NumberFlag _timeout = new("timeout", 't', "SECONDS", "Time containers have to end");
    private readonly BoolFlag _noColor = new("no-color", "No colours");
    private readonly BoolFlag _noPrefix = new("no-log-prefix", "No names before lines");

    public override string Usage => "[OPTIONS] [SERVICE...]";

    public override IReadOnlyList<string> Examples => ["compose up -d", "compose up --build web", "compose up -d --scale web=3 --wait", "compose up --abort-on-container-exit --exit-code-from tests"];

    public override Flag[] Flags => [_detach, _noStart, _noDeps, _wait, _abort, _exitCodeFrom, _timeout, _noColor, _noPrefix, .. _creation.All];

    protected override bool SharesTerminal => !_detach.Value && !_wait.Value && !_noStart.Value;

    protected override int Run(ComposeSession session, IReadOnlyList<string> arguments)
    {
        if (_detach.Value && (_abort.Value || _exitCodeFrom.IsSet))
        {
            throw new UsageException("--detach conflicts with --abort-on-container-exit and --exit-code-from");
        }
        var project = session.Load(arguments);
        if (_exitCodeFrom.Value is { } from)
        {
            _ = project.Service(from);
        }
        var options = _creation.Options(arguments) with { NoDependencies = _noDeps.Value, NoStart = _noStart.Value, Wait = _wait.Value };
        var targets = UpPlanner.Targets(project, options);
        var images = new ImagePreparation(session.Engine, session.Progress, TimeProvider.System).Prepare(targets, _creation.Images());
        var plan = UpPlanner.Plan(project, session.State.Read(project.Name) with { Images = images }, options);
        if (!SharesTerminal)
        {
            return session.Run(project, plan, _timeout.Value, images) ? 0 : 1;
        }
        LogPrinter printer = new(session.Context, !_noColor.Value && session.Colors, !_noPrefix.Value);
        using AttachedUp attached = new(session, project, Attached(project, targets, arguments), printer)
        {
            AbortOnExit = _abort.Value || _exitCodeFrom.IsSet,
            ExitCodeFrom = _exitCodeFrom.Value,
            Timeout = _timeout.Value,
        };
        return attached.Run(plan, images);
    }

    // Dependencies of what was named run on in the background.
    private static IEnumerable<string> Attached(Berth.Compose.Model.Project project, IReadOnlyList<Berth.Compose.Model.Service> targets, IReadOnlyList<string> arguments) =>
        arguments.Count > 0 ? arguments.Where(project.Services.ContainsKey) : targets.Select(service => service.Name);
}
