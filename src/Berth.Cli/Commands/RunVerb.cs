using Berth.Cli.Api;
using Berth.Cli.CommandLine;
using Berth.Cli.Containers;
using Berth.Cli.Streams;
using Berth.Cli.Terminal;

namespace Berth.Cli.Commands;

/// <summary><c>berth run</c>: create, attach, start, wait. Attach and wait are asked for at once, so three round trips do.</summary>
internal sealed class RunVerb : Verb
{
    private readonly ContainerFlags _container = new();
    private readonly BoolFlag _detach = new("detach", 'd', "Run in the background and print the container's id");
    private readonly BoolFlag _sigProxy = new("sig-proxy", "Pass signals on to the workload (not with a terminal)") { Value = true };
    private readonly TextFlag _detachKeys = new("detach-keys", "KEYS", "Keys that leave the container running (default ctrl-p,ctrl-q)");

    public override string Usage => "[OPTIONS] IMAGE [COMMAND] [ARG...]";

    public override IReadOnlyList<string> Examples =>
    [
        "run --rm busybox echo hello",
        "run --rm -it -m 64m --cpus 0.5 -v /tmp/x:/x:ro -e A=1 -w /x debian bash",
        "run -d --name web --restart on-failure:3 busybox httpd -f",
        "run --rm --vm --cpus 2 -m 512m debian uname -r",
        "echo data | berth run --rm -i busybox wc -c",
    ];

    public override Flag[] Flags => [_detach, .. _container.All, _sigProxy, _detachKeys];

    public override int MinimumArguments => 1;

    public override bool StopAtFirstArgument => true;

    public override int EngineErrorCode => 125;

    public override CompletionSource Completes => CompletionSource.Images;

    public override int Run(CommandContext context, IReadOnlyList<string> arguments)
    {
        var detached = _detach.Value;
        if (detached && _container.Attach.Values.Length > 0)
        {
            throw new UsageException("--detach conflicts with --attach");
        }
        if (_container.Remove.Value && _container.Restart.Value is { } restart && restart is not ("" or "no"))
        {
            throw new UsageException("--rm conflicts with --restart: a container that is removed cannot be started again");
        }
        CreateBody body = new(_container)
        {
            Image = arguments[0],
            Command = Rest(arguments),
            Detached = detached,
            ConsoleSize = _container.Tty.Value && TerminalSize.Of(context.StdOut) is { } size ? (size.Rows, size.Columns) : null,
        };
        var tty = _container.Tty.Value;
        var input = body.Attaches("stdin");
        if (!detached)
        {
            Attachment.RequireTerminal(context, tty, input);
        }
        if (_detachKeys.Value is { } keys)
        {
            DetachKeys.Parse(keys);
        }
        var id = new ContainerCreation(context, _container).Create(body);
        if (detached)
        {
            Start(context, id);
            context.Out.WriteLine(id);
            return 0;
        }
        if (!input && !body.Attaches("stdout") && !body.Attaches("stderr"))
        {
            return StartAndWait(context, id);
        }
        return RunAttached(context, id, body, tty, input);
    }

    private int RunAttached(CommandContext context, string id, CreateBody body, bool tty, bool input)
    {
        var api = context.Api;
        using var attach = api.Begin(
            "POST",
            new Query($"/containers/{id}/attach").Add("stream", true).Add("stdin", input)
                .Add("stdout", body.Attaches("stdout")).Add("stderr", body.Attaches("stderr")).Add("detachKeys", _detachKeys.Value).ToString(),
            upgrade: true);
        using var wait = api.Begin("POST", WaitTarget(id));
        using var stream = attach.Hijack();
        using var ended = wait.Receive();
        Attachment attachment = new(context)
        {
            Tty = tty,
            Input = input,
            ForwardSignals = _sigProxy.Value && !tty,
            DetachKeys = _detachKeys.Value,
            Target = $"/containers/{id}",
            Ended = ended.Descriptor,
        };
        var detached = attachment.Run(stream, () =>
        {
            Start(context, id);
            attachment.Resize();
        });
        if (detached)
        {
            return 0;
        }
        return Attachment.ExitCode(context, ended);
    }

    private int StartAndWait(CommandContext context, string id)
    {
        using var wait = context.Api.Begin("POST", WaitTarget(id));
        using var ended = wait.Receive();
        Start(context, id);
        return Attachment.ExitCode(context, ended);
    }

    private static string[] Rest(IReadOnlyList<string> arguments)
    {
        var rest = new string[arguments.Count - 1];
        for (var i = 0; i < rest.Length; i++)
        {
            rest[i] = arguments[i + 1];
        }
        return rest;
    }

    private string WaitTarget(string id) => $"/containers/{id}/wait?condition={(_container.Remove.Value ? "removed" : "next-exit")}";

    private static void Start(CommandContext context, string id)
    {
        try
        {
            using var exchange = context.Api.Send("POST", $"/containers/{id}/start");
        }
        catch (ApiException e)
        {
            throw new CliException(e.Message, StartFailure.ExitCode(e.Message));
        }
    }
}
