using Berth.Cli.Api;
using Berth.Cli.CommandLine;

namespace Berth.Cli.Commands;

/// <summary>A verb that does the same to each of its arguments, goes on after a failure, and then ends with 1.</summary>
internal abstract class EachVerb : Verb
{
    public override string Usage => "[OPTIONS] CONTAINER [CONTAINER...]";

    public override int MinimumArguments => 1;

    public override CompletionSource Completes => CompletionSource.Containers;

    public override int Run(CommandContext context, IReadOnlyList<string> arguments)
    {
        var code = 0;
        foreach (var argument in arguments)
        {
            try
            {
                Do(context, argument);
            }
            catch (ApiException e)
            {
                context.Complain(e.Message);
                code = 1;
            }
        }
        return code;
    }

    /// <summary>Does it to one, and prints what the user should see.</summary>
    protected abstract void Do(CommandContext context, string argument);

    /// <summary>Path of a container.</summary>
    protected static string Path(string container) => $"/containers/{Query.Escape(container)}";

    /// <summary>Posts and prints the argument.</summary>
    protected static void PostAndPrint(CommandContext context, string target, string argument)
    {
        using (context.Api.Send("POST", target))
        {
            context.Out.WriteLine(argument);
        }
    }
}
