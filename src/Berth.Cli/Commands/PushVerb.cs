using Berth.Cli.Api;
using Berth.Cli.CommandLine;
using Berth.Cli.Images;
using Berth.Cli.Registries;
using Berth.Cli.Terminal;

namespace Berth.Cli.Commands;

/// <summary><c>berth push</c>: sends an image to the registry in its name.</summary>
internal sealed class PushVerb : Verb
{
    private readonly BoolFlag _quiet = new("quiet", 'q', "No progress");
    private readonly BoolFlag _allTags = new("all-tags", 'a', "Every tag of the repository");
    private readonly BoolFlag _trust = new("disable-content-trust", "For compatibility") { Hidden = true };

    public override string Usage => "[OPTIONS] NAME[:TAG]";

    public override IReadOnlyList<string> Examples => ["push localhost:5000/app:1", "push -a localhost:5000/app"];

    public override Flag[] Flags => [_quiet, _allTags, _trust];

    public override int MinimumArguments => 1;

    public override int MaximumArguments => 1;

    public override CompletionSource Completes => CompletionSource.Images;

    public override int Run(CommandContext context, IReadOnlyList<string> arguments)
    {
        var (repository, tag) = ImageNames.Split(arguments[0]);
        if (_allTags.Value && tag is not null)
        {
            throw new UsageException("--all-tags takes a name without a tag");
        }
        var target = new Query(ImageNames.Path(repository) + "/push").Add("tag", _allTags.Value ? null : tag ?? "latest").ToString();
        using var exchange = context.Api.Send("POST", target, registryAuth: ImagePull.Header(repository) ?? "e30=");
        var texts = new ProgressReport(context) { Quiet = _quiet.Value }.Show(exchange.Body, $"Pushing {arguments[0]}");
        foreach (var line in texts.Where(text => text.Contains(": digest: ", StringComparison.Ordinal)))
        {
            context.Out.WriteLine(_quiet.Value ? arguments[0] : line);
        }
        return 0;
    }
}
