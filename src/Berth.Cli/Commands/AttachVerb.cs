using Berth.Cli.Api;
using Berth.Cli.CommandLine;
using Berth.Cli.Output;
using Berth.Cli.Streams;

namespace Berth.Cli.Commands;

/// <summary><c>berth attach</c>.</summary>
internal sealed class AttachVerb : Verb
{
    private readonly BoolFlag _noStdin = new("no-stdin", "Do not connect to its input");
    private readonly BoolFlag _sigProxy = new("sig-proxy", "Pass signals on") { Value = true };
    private readonly TextFlag _detachKeys = new("detach-keys", "KEYS", "Keys that leave it running (default ctrl-p,ctrl-q)");

    public override string Usage => "[OPTIONS] CONTAINER";

    public override IReadOnlyList<string> Examples => ["attach box"];

    public override Flag[] Flags => [_noStdin, _sigProxy, _detachKeys];

    public override int MinimumArguments => 1;

    public override int MaximumArguments => 1;

    public override CompletionSource Completes => CompletionSource.RunningContainers;

    public override int Run(CommandContext context, IReadOnlyList<string> arguments)
    {
        string id;
        bool tty, input;
        using (var inspect = context.Api.Get($"/containers/{Query.Escape(arguments[0])}/json"))
        {
            var root = inspect.RootElement;
            var state = root.Field("State");
            if (!state.Flag("Running"))
            {
                throw new CliException($"container {arguments[0]} does not run: start it with `berth start -ai {arguments[0]}`");
            }
            if (state.Flag("Paused"))
            {
                throw new CliException($"container {arguments[0]} is paused: let it go on with `berth unpause {arguments[0]}`");
            }
            id = root.Text("Id");
            tty = root.Field("Config").Flag("Tty");
            input = !_noStdin.Value && root.Field("Config").Flag("OpenStdin");
        }
        Attachment.RequireTerminal(context, tty, input);
        using var attach = context.Api.Begin(
            "POST",
            new Query($"/containers/{id}/attach").Add("stream", true).Add("stdin", input).Add("stdout", true).Add("stderr", true).Add("detachKeys", _detachKeys.Value).ToString(),
            upgrade: true);
        using var wait = context.Api.Begin("POST", $"/containers/{id}/wait");
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
        if (attachment.Run(stream, attachment.Resize))
        {
            return 0;
        }
        return Attachment.ExitCode(context, ended);
    }
}
