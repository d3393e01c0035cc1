using Berth.Cli.CommandLine;
using Berth.Cli.Commands;
using Berth.Linux;

namespace Berth.Cli.Compose.Verbs;

/// <summary><c>berth compose exec</c>: with input and, on a terminal, a terminal, unless told otherwise.</summary>
internal sealed class ComposeExecVerb(ComposeFlags flags) : ComposeCommand(flags)
{
    private readonly BoolFlag _detach = new("detach", 'd', "Do not wait for it");
    private readonly BoolFlag _noTty = new("no-tty", 'T', "No terminal");
    private readonly BoolFlag _tty = new("tty", 't', "For compatibility") { Hidden = true };
    private readonly BoolFlag _interactive = new("interactive", 'i', "Pass standard input on (default)") { Value = true };
    private readonly BoolFlag _privileged = new("privileged", "Give it every right");
    private readonly NumberFlag _index = new("index", "NUMBER", "The container of that number");
    private readonly TextFlag _user = new("user", 'u', "USER[:GROUP]", "User to run as");
    private readonly TextFlag _workdir = new("workdir", 'w', "PATH", "Working directory");
    private readonly ListFlag _env = new("env", 'e', "NAME[=VALUE]", "Set an environment variable");

    public override string Usage => "[OPTIONS] SERVICE COMMAND [ARG...]";

    public override IReadOnlyList<string> Examples => ["compose exec web sh", "compose exec -T db dump > dump.sql", "compose exec --index 2 web env"];

    public override Flag[] Flags => [_detach, _noTty, _tty, _interactive, _privileged, _index, _user, _workdir, _env];

    public override int MinimumArguments => 2;

    public override bool StopAtFirstArgument => true;

    protected override int Run(ComposeSession session, IReadOnlyList<string> arguments)
    {
        var (_, name) = session.LoadIfAny(arguments[0]);
        List<string> words = [];
        words.AddRange(_detach.Value ? ["-d"] : _interactive.Value ? ["-i"] : []);
        if (!_noTty.Value && !_detach.Value && Libc.IsTerminal(session.Context.StdIn) && Libc.IsTerminal(session.Context.StdOut))
        {
            words.Add("-t");
        }
        words.AddRange(_privileged.Value ? ["--privileged"] : []);
        words.AddRange(_user.Value is { } user ? ["-u", user] : []);
        words.AddRange(_workdir.Value is { } directory ? ["-w", directory] : []);
        words.AddRange(_env.Values.SelectMany(variable => new[] { "-e", variable }));
        return Delegate(session, new ExecVerb(), [.. words, session.Container(name, arguments[0], _index.Value).Id, .. arguments.Skip(1)]);
    }
}
