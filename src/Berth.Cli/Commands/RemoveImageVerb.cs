using Berth.Cli.Api;
using Berth.Cli.CommandLine;
using Berth.Cli.Images;
using Berth.Cli.Output;

namespace Berth.Cli.Commands;

/// <summary><c>berth rmi</c>.</summary>
internal sealed class RemoveImageVerb : EachVerb
{
    private readonly BoolFlag _force = new("force", 'f', "Remove it even if stopped containers use it or it has other names");
    private readonly BoolFlag _noPrune = new("no-prune", "Keep unnamed parents");

    public override string Usage => "[OPTIONS] IMAGE [IMAGE...]";

    public override IReadOnlyList<string> Examples => ["rmi tools:1"];

    public override Flag[] Flags => [_force, _noPrune];

    public override CompletionSource Completes => CompletionSource.Images;

    protected override void Do(CommandContext context, string argument)
    {
        try
        {
            using var answer = context.Api.Delete(new Query(ImageNames.Path(argument)).Add("force", _force.Value).Add("noprune", _noPrune.Value).ToString());
            if (answer?.RootElement.ValueKind != System.Text.Json.JsonValueKind.Array)
            {
                return;
            }
            foreach (var item in answer.RootElement.EnumerateArray())
            {
                context.Out.WriteLine(item.Text("Untagged") is { Length: > 0 } name ? $"Untagged: {name}" : $"Deleted: {item.Text("Deleted")}");
            }
        }
        catch (ApiException e) when (e.Status == 404 && _force.Value)
        {
            context.Error.WriteLine(e.Message);
        }
    }
}
