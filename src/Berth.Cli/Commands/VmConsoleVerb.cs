using Berth.Cli.Api;
using Berth.Cli.CommandLine;
using Berth.Cli.Streams;
using Berth.Cli.Terminal;
using Berth.Linux;

namespace Berth.Cli.Commands;

/// <summary><c>berth vm console</c>: what the serial console printed, then both ways until the machine ends or the user leaves.</summary>
internal sealed class VmConsoleVerb : Verb
{
    private const string DefaultKeys = "ctrl-]";

    private readonly BoolFlag _history = new("history", "Print what it has printed so far and stop");
    private readonly TextFlag _detachKeys = new("detach-keys", "KEYS", $"Keys that leave the console (default {DefaultKeys})");

    public override string Usage => "[OPTIONS] CONTAINER";

    public override IReadOnlyList<string> Examples => ["vm console v", "vm console --history v | tail"];

    public override Flag[] Flags => [_history, _detachKeys];

    public override int MinimumArguments => 1;

    public override int MaximumArguments => 1;

    public override CompletionSource Completes => CompletionSource.Containers;

    public override int Run(CommandContext context, IReadOnlyList<string> arguments)
    {
        var keys = DetachKeys.Parse(_detachKeys.Value ?? DefaultKeys);
        var interactive = !_history.Value && Libc.IsTerminal(context.StdIn);
        using var pending = context.Api.Begin(
            "POST", new Query($"/berth/containers/{Query.Escape(arguments[0])}/console").Add("live", !_history.Value ? null : "0").ToString(), upgrade: true);
        using var stream = pending.Hijack();
        if (interactive)
        {
            context.Error.WriteLine($"Console of {arguments[0]}; leave with {_detachKeys.Value ?? DefaultKeys}.");
        }
        context.Flush();
        using (interactive ? RawTerminal.Enter(context.StdIn) : null)
        {
            using StreamSession session = new(stream)
            {
                StdOut = context.StdOut,
                StdError = context.StdError,
                StdIn = interactive ? context.StdIn : null,
                Tty = true,
                DetachKeys = interactive ? keys : null,
            };
            session.Run();
        }
        if (interactive)
        {
            context.Out.WriteLine("");
        }
        return 0;
    }
}
