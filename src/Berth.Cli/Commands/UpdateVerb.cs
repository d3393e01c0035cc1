using Berth.Cli.CommandLine;
using Berth.Cli.Containers;
using Berth.Cli.Output;

namespace Berth.Cli.Commands;

/// <summary><c>berth update</c>.</summary>
internal sealed class UpdateVerb : EachVerb
{
    private readonly ResourceFlags _resources = new();
    private readonly TextFlag _restart = new("restart", "POLICY", "no, always, unless-stopped or on-failure[:MAX]") { Completes = CompletionSource.RestartPolicies };

    public override IReadOnlyList<string> Examples => ["update -m 256m --cpus 1.5 web", "update --restart always web"];

    public override Flag[] Flags => [.. _resources.All, _restart];

    public override int Run(CommandContext context, IReadOnlyList<string> arguments) =>
        Flags.Any(flag => flag.IsSet)
            ? base.Run(context, arguments)
            : throw new UsageException("nothing to change: give at least one flag, as --memory 256m");

    protected override void Do(CommandContext context, string argument)
    {
        var body = JsonWriting.Object(json =>
        {
            _resources.Write(json);
            if (_restart.Value is { } policy)
            {
                HostConfigBody.WriteRestartPolicy(json, policy);
            }
        });
        using var answer = context.Api.Post($"{Path(argument)}/update", body);
        foreach (var warning in answer?.RootElement.Texts("Warnings") ?? [])
        {
            context.Error.WriteLine($"{context.ErrorColors.Yellow("WARNING:")} {warning}");
        }
        context.Out.WriteLine(argument);
    }
}
