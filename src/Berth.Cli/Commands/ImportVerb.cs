using Berth.Cli.Api;
using Berth.Cli.CommandLine;
using Berth.Cli.Http;
using Berth.Cli.Images;
using Berth.Cli.Terminal;
using Berth.Linux;

namespace Berth.Cli.Commands;

/// <summary><c>berth import</c>.</summary>
internal sealed class ImportVerb : Verb
{
    private readonly ListFlag _change = new("change", 'c', "INSTRUCTION", "Dockerfile instruction to apply, as 'CMD [\"sh\"]'");
    private readonly TextFlag _message = new("message", 'm', "TEXT", "Comment");
    private readonly TextFlag _platform = new("platform", "PLATFORM", "Platform of the image");

    public override string Usage => "[OPTIONS] FILE|- [NAME[:TAG]]";

    public override IReadOnlyList<string> Examples => ["import rootfs.tar.gz mine:1", "berth export web | berth import - web:flat"];

    public override Flag[] Flags => [_change, _message, _platform];

    public override int MinimumArguments => 1;

    public override int MaximumArguments => 2;

    public override CompletionSource Completes => CompletionSource.Files;

    public override int Run(CommandContext context, IReadOnlyList<string> arguments)
    {
        if (arguments[0].Contains("://", StringComparison.Ordinal))
        {
            throw new CliException($"import reads files, not addresses: fetch it first, as `curl -L {arguments[0]} | berth import - NAME`");
        }
        var (repository, tag) = arguments.Count > 1 ? ImageNames.Split(arguments[1]) : (null, null);
        var query = new Query("/images/create").Add("fromSrc", "-").Add("repo", repository).Add("tag", tag).Add("message", _message.Value).Add("platform", _platform.Value);
        foreach (var change in _change.Values)
        {
            query.Add("changes", change);
        }
        using Stream source = arguments[0] == "-" ? new DescriptorStream(new FileDescriptor(context.StdIn.Number, ownsHandle: false)) : File.OpenRead(arguments[0]);
        using var exchange = context.Api.Upload("POST", query.ToString(), source);
        var texts = new ProgressReport(context) { Quiet = true }.Show(exchange.Body, "Importing");
        context.Out.WriteLine(texts.LastOrDefault(text => text.StartsWith("sha256:", StringComparison.Ordinal)) ?? string.Join('\n', texts));
        return 0;
    }
}
