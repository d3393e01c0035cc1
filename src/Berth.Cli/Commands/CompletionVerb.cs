using Berth.Cli.CommandLine;
using Berth.Cli.Completion;

namespace Berth.Cli.Commands;

/// <summary><c>berth completion bash|zsh|fish</c>.</summary>
internal sealed class CompletionVerb : Verb
{
    public override string Usage => "bash|zsh|fish";

    public override IReadOnlyList<string> Examples => ["source <(berth completion bash)", "berth completion fish > ~/.config/fish/completions/berth.fish"];

    public override int MinimumArguments => 1;

    public override int MaximumArguments => 1;

    public override CompletionSource Completes => CompletionSource.Shells;

    public override int Run(CommandContext context, IReadOnlyList<string> arguments)
    {
        context.Out.Write(arguments[0] switch
        {
            "bash" => CompletionScripts.Bash,
            "zsh" => CompletionScripts.Zsh,
            "fish" => CompletionScripts.Fish,
            var other => throw new UsageException($"no completion for {other}: use bash, zsh or fish"),
        });
        return 0;
    }
}
