using Berth.Cli.Api;
using Berth.Cli.CommandLine;
using Berth.Cli.Streams;

namespace Berth.Cli.Commands;

/// <summary><c>berth save</c>.</summary>
internal sealed class SaveVerb : Verb
{
    private readonly TextFlag _output = new("output", 'o', "FILE", "Write to a file instead of standard output") { Completes = CompletionSource.Files };
    private readonly TextFlag _platform = new("platform", "PLATFORM", "Only this platform");

    public override string Usage => "[OPTIONS] IMAGE [IMAGE...]";

    public override IReadOnlyList<string> Examples => ["save -o busybox.tar busybox", "berth save debian | zstd > debian.tar.zst"];

    public override Flag[] Flags => [_output, _platform];

    public override int MinimumArguments => 1;

    public override CompletionSource Completes => CompletionSource.Images;

    public override int Run(CommandContext context, IReadOnlyList<string> arguments)
    {
        Download.RefuseTerminal(context, _output.Value);
        Query query = new("/images/get");
        foreach (var name in arguments)
        {
            query.Add("names", name);
        }
        using var exchange = context.Api.Send("GET", query.Add("platform", _platform.Value).ToString());
        Download.Save(context, exchange.Body, _output.Value);
        return 0;
    }
}
