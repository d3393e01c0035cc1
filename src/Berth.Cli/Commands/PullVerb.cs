using Berth.Cli.Api;
using Berth.Cli.CommandLine;
using Berth.Cli.Containers;
using Berth.Cli.Images;
using Berth.Cli.Terminal;

namespace Berth.Cli.Commands;

/// <summary><c>berth pull</c>: makes the images Berth knows how to make; for others the daemon says what it can do.</summary>
internal sealed class PullVerb : Verb
{
    private readonly BoolFlag _quiet = new("quiet", 'q', "No progress");
    private readonly BoolFlag _allTags = new("all-tags", 'a', "Every tag of the repository");
    private readonly TextFlag _platform = new("platform", "PLATFORM", "Platform of the image");
    private readonly BoolFlag _trust = new("disable-content-trust", "For compatibility") { Hidden = true };

    public override string Usage => "[OPTIONS] NAME[:TAG]";

    public override IReadOnlyList<string> Examples => ["pull busybox", "pull debian:bookworm"];

    public override Flag[] Flags => [_quiet, _allTags, _platform, _trust];

    public override int MinimumArguments => 1;

    public override int MaximumArguments => 1;

    public override int Run(CommandContext context, IReadOnlyList<string> arguments)
    {
        if (ImageBootstrap.Knows(arguments[0]))
        {
            new ImageBootstrap(context) { Quiet = _quiet.Value }.Run(arguments[0]);
            context.Out.WriteLine(arguments[0]);
            return 0;
        }
        var (repository, tag) = ImageNames.Split(arguments[0]);
        using var exchange = context.Api.Send("POST", new Query("/images/create").Add("fromImage", repository)
            .Add("tag", _allTags.Value ? null : tag ?? "latest").Add("platform", _platform.Value).ToString());
        var texts = new ProgressReport(context) { Quiet = _quiet.Value }.Show(exchange.Body, $"Getting {arguments[0]}");
        context.Out.WriteLine(_quiet.Value || texts.Count == 0 ? arguments[0] : texts[^1]);
        return 0;
    }
}
