using Berth.Cli.Api;
using Berth.Cli.CommandLine;
using Berth.Cli.Http;
using Berth.Cli.Terminal;
using Berth.Linux;

namespace Berth.Cli.Commands;

/// <summary><c>berth load</c>.</summary>
internal sealed class LoadVerb : Verb
{
    private readonly TextFlag _input = new("input", 'i', "FILE", "Read from a file instead of standard input") { Completes = CompletionSource.Files };
    private readonly BoolFlag _quiet = new("quiet", 'q', "No progress");
    private readonly TextFlag _platform = new("platform", "PLATFORM", "Only this platform");

    public override string Usage => "[OPTIONS]";

    public override IReadOnlyList<string> Examples => ["load -i busybox.tar", "docker save nginx | berth load"];

    public override Flag[] Flags => [_input, _quiet, _platform];

    public override int MaximumArguments => 0;

    public override int Run(CommandContext context, IReadOnlyList<string> arguments)
    {
        if (_input.Value is null && Libc.IsTerminal(context.StdIn))
        {
            throw new CliException("there is no archive to load: use -i FILE, or pipe one in");
        }
        using Stream source = _input.Value is { } file ? File.OpenRead(file) : new DescriptorStream(new FileDescriptor(context.StdIn.Number, ownsHandle: false));
        using var exchange = context.Api.Upload("POST", new Query("/images/load").Add("quiet", _quiet.Value).Add("platform", _platform.Value).ToString(), source);
        foreach (var line in new ProgressReport(context) { Quiet = _quiet.Value }.Show(exchange.Body, "Loading"))
        {
            if (line.StartsWith("Loaded image", StringComparison.Ordinal))
            {
                context.Out.WriteLine(line);
            }
        }
        return 0;
    }
}
