using Berth.Cli.Api;
using Berth.Cli.CommandLine;
using Berth.Cli.Images;

namespace Berth.Cli.Commands;

/// <summary><c>berth tag</c>.</summary>
internal sealed class TagVerb : Verb
{
    public override string Usage => "IMAGE NAME[:TAG]";

    public override IReadOnlyList<string> Examples => ["tag busybox tools:1"];

    public override int MinimumArguments => 2;

    public override int MaximumArguments => 2;

    public override CompletionSource Completes => CompletionSource.Images;

    public override int Run(CommandContext context, IReadOnlyList<string> arguments)
    {
        var (repository, tag) = ImageNames.Split(arguments[1]);
        using (context.Api.Send("POST", new Query($"{ImageNames.Path(arguments[0])}/tag").Add("repo", repository).Add("tag", tag).ToString()))
        {
            return 0;
        }
    }
}
