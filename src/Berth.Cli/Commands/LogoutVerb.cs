using Berth.Cli.CommandLine;
using Berth.Cli.Registries;

namespace Berth.Cli.Commands;

/// <summary><c>berth logout</c>: forgets the credentials for a registry.</summary>
internal sealed class LogoutVerb : Verb
{
    public override string Usage => "[REGISTRY]";

    public override IReadOnlyList<string> Examples => ["logout registry.example.org"];

    public override int MaximumArguments => 1;

    public override int Run(CommandContext context, IReadOnlyList<string> arguments)
    {
        var registry = RegistryName.OfAddress(arguments.Count > 0 ? arguments[0] : "");
        CredentialFile.Default(Environment.GetEnvironmentVariable).Remove(registry);
        context.Out.WriteLine($"Removed the credentials for {registry}");
        return 0;
    }
}
