using Berth.Cli.CommandLine;
using Berth.Cli.Registries;

namespace Berth.Cli.Commands;

/// <summary><c>berth pull</c>: from a registry; busybox and debian are made from packages.</summary>
internal sealed class PullVerb : Verb
{
    private readonly BoolFlag _quiet = new("quiet", 'q', "No progress");
    private readonly BoolFlag _allTags = new("all-tags", 'a', "Every tag of the repository");
    private readonly TextFlag _platform = new("platform", "PLATFORM", "Platform of the image, as linux/arm64");
    private readonly BoolFlag _trust = new("disable-content-trust", "For compatibility") { Hidden = true };

    public override string Usage => "[OPTIONS] NAME[:TAG|@DIGEST]";

    public override IReadOnlyList<string> Examples => ["pull busybox", "pull registry.example.org/team/app:1.2", "pull --platform linux/arm64 localhost:5000/app"];

    public override Flag[] Flags => [_quiet, _allTags, _platform, _trust];

    public override int MinimumArguments => 1;

    public override int MaximumArguments => 1;

    public override int Run(CommandContext context, IReadOnlyList<string> arguments)
    {
        var last = new ImagePull(context) { Quiet = _quiet.Value, Platform = _platform.Value, AllTags = _allTags.Value }.Run(arguments[0]);
        context.Out.WriteLine(_quiet.Value ? arguments[0] : last);
        return 0;
    }
}
