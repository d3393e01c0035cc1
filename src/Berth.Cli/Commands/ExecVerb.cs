using Berth.Cli.Api;
using Berth.Cli.CommandLine;
using Berth.Cli.Containers;
using Berth.Cli.Output;
using Berth.Cli.Parsing;
using Berth.Cli.Streams;
using Berth.Cli.Terminal;

namespace Berth.Cli.Commands;

/// <summary><c>berth exec</c>: another process in a running container.</summary>
internal sealed class ExecVerb : Verb
{
    private readonly BoolFlag _detach = new("detach", 'd', "Do not wait for it");
    private readonly BoolFlag _interactive = new("interactive", 'i', "Pass standard input on");
    private readonly BoolFlag _tty = new("tty", 't', "Give it a terminal");
    private readonly BoolFlag _privileged = new("privileged", "Give it every right");
    private readonly TextFlag _user = new("user", 'u', "USER[:GROUP]", "User to run as");
    private readonly TextFlag _workdir = new("workdir", 'w', "PATH", "Working directory");
    private readonly ListFlag _env = new("env", 'e', "NAME[=VALUE]", "Set an environment variable");
    private readonly ListFlag _envFile = new("env-file", "FILE", "Read environment variables from a file");
    private readonly TextFlag _detachKeys = new("detach-keys", "KEYS", "Keys that leave it running (default ctrl-p,ctrl-q)");

    public override string Usage => "[OPTIONS] CONTAINER COMMAND [ARG...]";

    public override IReadOnlyList<string> Examples => ["exec web ls /", "exec -it web sh", "exec -u 1000 -w /tmp -e A=1 web env"];

    public override Flag[] Flags => [_detach, _interactive, _tty, _privileged, _user, _workdir, _env, _envFile, _detachKeys];

    public override int MinimumArguments => 2;

    public override bool StopAtFirstArgument => true;

    public override CompletionSource Completes => CompletionSource.RunningContainers;

    public override int Run(CommandContext context, IReadOnlyList<string> arguments)
    {
        var (tty, input) = (_tty.Value, _interactive.Value && !_detach.Value);
        Attachment.RequireTerminal(context, tty, input);
        DetachKeys.Parse(_detachKeys.Value);
        string id;
        try
        {
            using var created = context.Api.Post($"/containers/{Query.Escape(arguments[0])}/exec", Body([.. arguments.Skip(1)], input, TerminalSize.Of(context.StdOut)));
            id = created?.RootElement.Text("Id") is { Length: > 0 } text ? text : throw new CliException("the daemon did not say which exec it made");
            if (_detach.Value)
            {
                using (context.Api.Send("POST", $"/exec/{id}/start", JsonWriting.Object(json => json.WriteBoolean("Detach", true))))
                {
                    return 0;
                }
            }
            return RunAttached(context, id, tty, input);
        }
        catch (ApiException e)
        {
            throw new CliException(e.Message, StartFailure.ExitCode(e.Message) is var code && code != 125 ? code : 1);
        }
    }

    private int RunAttached(CommandContext context, string id, bool tty, bool input)
    {
        using var start = context.Api.Begin(
            "POST",
            $"/exec/{id}/start",
            JsonWriting.Object(json =>
            {
                json.WriteBoolean("Detach", false);
                json.WriteBoolean("Tty", tty);
                if (tty && TerminalSize.Of(context.StdOut) is { } size)
                {
                    json.WriteStartArray("ConsoleSize");
                    json.WriteNumberValue(size.Rows);
                    json.WriteNumberValue(size.Columns);
                    json.WriteEndArray();
                }
            }),
            upgrade: true);
        using var stream = start.Hijack();
        Attachment attachment = new(context) { Tty = tty, Input = input, DetachKeys = _detachKeys.Value, Target = $"/exec/{id}" };
        if (attachment.Run(stream, attachment.Resize))
        {
            return 0;
        }
        using var inspect = context.Api.Get($"/exec/{id}/json");
        return inspect.RootElement.Flag("Running")
            ? throw new CliException("the connection ended while the command still runs")
            : (int)(inspect.RootElement.Number("ExitCode") & 0xFF);
    }

    private byte[] Body(IReadOnlyList<string> command, bool input, TerminalSize? size) => JsonWriting.Object(json =>
    {
        json.WriteIfAny("User", _user.Value);
        json.WriteBoolean("Privileged", _privileged.Value);
        json.WriteBoolean("Tty", _tty.Value);
        json.WriteBoolean("AttachStdin", input);
        json.WriteBoolean("AttachStdout", !_detach.Value);
        json.WriteBoolean("AttachStderr", !_detach.Value);
        json.WriteIfAny("DetachKeys", _detachKeys.Value);
        json.WriteListIfAny("Env", [.. KeyValue.Environment(_envFile.Values, _env.Values, Environment.GetEnvironmentVariable)]);
        json.WriteIfAny("WorkingDir", _workdir.Value);
        json.WriteList("Cmd", [.. command]);
        if (_tty.Value && size is { } known)
        {
            json.WriteStartArray("ConsoleSize");
            json.WriteNumberValue(known.Rows);
            json.WriteNumberValue(known.Columns);
            json.WriteEndArray();
        }
    });
}
