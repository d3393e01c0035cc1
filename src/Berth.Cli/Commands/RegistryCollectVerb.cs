using Berth.Cli.CommandLine;

namespace Berth.Cli.Commands;

/// <summary><c>berth registry gc</c>: deletes what no repository needs, beside a running server too.</summary>
internal sealed class RegistryCollectVerb : Verb
{
    private readonly BoolFlag _untagged = new("delete-untagged", "Also remove manifests that no tag leads to");
    private readonly NumberFlag _keep = new("keep", "SECONDS", "Leave alone what was pushed so recently (default 3600)");

    public override string Usage => "[OPTIONS] DIR";

    public override IReadOnlyList<string> Examples => ["registry gc /srv/registry", "registry gc --delete-untagged /srv/registry"];

    public override Flag[] Flags => [_untagged, _keep];

    public override int MinimumArguments => 1;

    public override int MaximumArguments => 1;

    public override CompletionSource Completes => CompletionSource.Files;

    public override int Run(CommandContext context, IReadOnlyList<string> arguments)
    {
        string[] keep = _keep.Value is { } seconds ? ["--keep", seconds.ToString(System.Globalization.CultureInfo.InvariantCulture)] : [];
        string[] untagged = _untagged.Value ? ["--delete-untagged"] : [];
        return RegistryProgram.Become(["gc", .. keep, .. untagged, Path.GetFullPath(arguments[0])]);
    }
}
