using Berth.Cli.CommandLine;

namespace Berth.Cli.Commands;

/// <summary><c>berth registry htpasswd</c>: sets the password of a user in a file for <c>registry serve</c>.</summary>
internal sealed class RegistryUserVerb : Verb
{
    public override string Usage => "FILE USER";

    public override IReadOnlyList<string> Examples => ["registry htpasswd users ann"];

    public override int MinimumArguments => 2;

    public override int MaximumArguments => 2;

    public override CompletionSource Completes => CompletionSource.Files;

    public override int Run(CommandContext context, IReadOnlyList<string> arguments) =>
        RegistryProgram.Become(["htpasswd", Path.GetFullPath(arguments[0]), arguments[1]]);
}
