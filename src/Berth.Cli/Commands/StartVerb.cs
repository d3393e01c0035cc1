using Berth.Cli.Api;
using Berth.Cli.CommandLine;
using Berth.Cli.Output;
using Berth.Cli.Streams;

namespace Berth.Cli.Commands;

/// <summary><c>berth start</c>, with <c>-a</c> connected to its streams until it ends.</summary>
internal sealed class StartVerb : EachVerb
{
    private readonly BoolFlag _attach = new("attach", 'a', "Connect to its output and pass signals on");
    private readonly BoolFlag _interactive = new("interactive", 'i', "Connect to its input too");
    private readonly BoolFlag _sigProxy = new("sig-proxy", "Pass signals on") { Value = true };
    private readonly TextFlag _detachKeys = new("detach-keys", "KEYS", "Keys that leave it running");

    public override IReadOnlyList<string> Examples => ["start web", "start -ai box"];

    public override Flag[] Flags => [_attach, _interactive, _sigProxy, _detachKeys];

    public override CompletionSource Completes => CompletionSource.StoppedContainers;

    public override int Run(CommandContext context, IReadOnlyList<string> arguments)
    {
        if (!_attach.Value && !_interactive.Value)
        {
            return base.Run(context, arguments);
        }
        return arguments.Count == 1
            ? RunAttached(context, arguments[0])
            : throw new UsageException("only one container can be started with --attach or --interactive");
    }

    protected override void Do(CommandContext context, string argument) => PostAndPrint(context, $"{Path(argument)}/start", argument);

    private int RunAttached(CommandContext context, string container)
    {
        bool tty, input, autoRemove;
        string id;
        using (var inspect = context.Api.Get($"{Path(container)}/json"))
        {
            var root = inspect.RootElement;
            id = root.Text("Id");
            tty = root.Field("Config").Flag("Tty");
            input = _interactive.Value && root.Field("Config").Flag("OpenStdin");
            autoRemove = root.Field("HostConfig").Flag("AutoRemove");
        }
        Attachment.RequireTerminal(context, tty, input);
        using var attach = context.Api.Begin(
            "POST",
            new Query($"/containers/{id}/attach").Add("stream", true).Add("stdin", input).Add("stdout", true).Add("stderr", true).Add("detachKeys", _detachKeys.Value).ToString(),
            upgrade: true);
        using var wait = context.Api.Begin("POST", $"/containers/{id}/wait?condition={(autoRemove ? "removed" : "next-exit")}");
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
            using (context.Api.Send("POST", $"/containers/{id}/start"))
            {
            }
            attachment.Resize();
        });
        if (detached)
        {
            return 0;
        }
        return Attachment.ExitCode(context, ended);
    }
}
