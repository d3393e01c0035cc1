using Berth.Cli.CommandLine;
using Berth.Cli.Containers;

namespace Berth.Cli.Commands;

/// <summary><c>berth kernel pull</c>: the kernel that virtual machines boot unless told otherwise.</summary>
internal sealed class KernelPullVerb : Verb
{
    private readonly BoolFlag _quiet = new("quiet", 'q', "No progress");

    public override string Usage => "[OPTIONS]";

    public override IReadOnlyList<string> Examples => ["kernel pull", "kernel rm debian-cloud && berth kernel pull"];

    public override Flag[] Flags => [_quiet];

    public override int MaximumArguments => 0;

    public override int Run(CommandContext context, IReadOnlyList<string> arguments)
    {
        KernelFetch fetch = new(context) { Quiet = _quiet.Value };
        fetch.Run();
        context.Out.WriteLine(fetch.FindName());
        return 0;
    }
}
