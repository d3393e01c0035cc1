using Berth.Cli.CommandLine;
using Berth.Cli.Containers;

namespace Berth.Cli.Commands;

/// <summary><c>berth create</c>: makes a container without starting it.</summary>
internal sealed class CreateVerb : Verb
{
    private readonly ContainerFlags _container = new();

    public override string Usage => "[OPTIONS] IMAGE [COMMAND] [ARG...]";

    public override IReadOnlyList<string> Examples => ["create --name web -p 8080:80 busybox httpd -f", "create -it --name box debian", "create --vm --name v busybox sleep 1000"];

    public override Flag[] Flags => _container.All;

    public override int MinimumArguments => 1;

    public override bool StopAtFirstArgument => true;

    public override CompletionSource Completes => CompletionSource.Images;

    public override int Run(CommandContext context, IReadOnlyList<string> arguments)
    {
        CreateBody body = new(_container) { Image = arguments[0], Command = [.. arguments.Skip(1)] };
        var id = new ContainerCreation(context, _container).Create(body);
        context.Out.WriteLine(id);
        return 0;
    }
}
