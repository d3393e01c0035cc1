using Berth.Cli.Api;
using Berth.Cli.CommandLine;
using Berth.Cli.Images;
using Berth.Cli.Output;

namespace Berth.Cli.Commands;

/// <summary><c>berth commit</c>.</summary>
internal sealed class CommitVerb : Verb
{
    private readonly TextFlag _author = new("author", 'a', "TEXT", "Author of the image");
    private readonly TextFlag _message = new("message", 'm', "TEXT", "Comment");
    private readonly ListFlag _change = new("change", 'c', "INSTRUCTION", "Dockerfile instruction to apply, as 'CMD [\"sh\"]'");
    private readonly BoolFlag _pause = new("pause", 'p', "Pause the container meanwhile") { Value = true };

    public override string Usage => "[OPTIONS] CONTAINER [NAME[:TAG]]";

    public override IReadOnlyList<string> Examples => ["commit web web:patched", "commit -c 'ENV A=1' web web:env"];

    public override Flag[] Flags => [_author, _message, _change, _pause];

    public override int MinimumArguments => 1;

    public override int MaximumArguments => 2;

    public override CompletionSource Completes => CompletionSource.Containers;

    public override int Run(CommandContext context, IReadOnlyList<string> arguments)
    {
        var (repository, tag) = arguments.Count > 1 ? ImageNames.Split(arguments[1]) : (null, null);
        var query = new Query("/commit").Add("container", arguments[0]).Add("repo", repository).Add("tag", tag)
            .Add("author", _author.Value).Add("comment", _message.Value).Add("pause", _pause.Value ? "1" : "0");
        foreach (var change in _change.Values)
        {
            query.Add("changes", change);
        }
        using var answer = context.Api.Post(query.ToString());
        context.Out.WriteLine(answer?.RootElement.Text("Id"));
        return 0;
    }
}
