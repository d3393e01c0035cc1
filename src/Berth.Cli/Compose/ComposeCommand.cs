using Berth.Cli.Api;
using Berth.Cli.CommandLine;
using Berth.Compose;
using Berth.Compose.Running;

namespace Berth.Cli.Compose;

/// <summary>A verb of <c>berth compose</c>.</summary>
internal abstract class ComposeCommand(ComposeFlags flags) : Verb
{
    public override CompletionSource Completes => CompletionSource.ComposeServices;

    /// <summary>True when other output shares the terminal with progress.</summary>
    protected virtual bool SharesTerminal => false;

    /// <inheritdoc/>
    public sealed override int Run(CommandContext context, IReadOnlyList<string> arguments)
    {
        try
        {
            using ComposeSession session = new(context, flags) { PlainProgress = SharesTerminal };
            return Run(session, arguments);
        }
        catch (ComposeException e)
        {
            throw new CliException(e.Message);
        }
        catch (EngineCallException e)
        {
            throw new CliException(e.Message);
        }
    }

    /// <summary>Runs the verb.</summary>
    protected abstract int Run(ComposeSession session, IReadOnlyList<string> arguments);

    /// <summary>Runs one of the other verbs with its words.</summary>
    protected static int Delegate(ComposeSession session, Verb verb, IReadOnlyList<string> words) =>
        verb.Run(session.Context, FlagParser.Parse(verb.Flags, [.. words], verb.StopAtFirstArgument));
}
