using Berth.Cli.Api;
using Berth.Cli.CommandLine;
using Berth.Cli.Output;
using Berth.Cli.Parsing;
using Berth.Cli.Streams;
using Berth.Linux;

namespace Berth.Cli.Commands;

/// <summary><c>berth logs</c>.</summary>
internal sealed class LogsVerb : Verb
{
    private readonly BoolFlag _follow = new("follow", 'f', "Go on with new output");
    private readonly BoolFlag _timestamps = new("timestamps", 't', "Put the time before each line");
    private readonly BoolFlag _details = new("details", "Show extra attributes");
    private readonly TextFlag _since = new("since", "TIME", "Output since a time (10m, Unix seconds or a date)");
    private readonly TextFlag _until = new("until", "TIME", "Output before a time");
    private readonly TextFlag _tail = new("tail", 'n', "LINES", "Only the last lines (default all)");

    public override string Usage => "[OPTIONS] CONTAINER";

    public override IReadOnlyList<string> Examples => ["logs -f --tail 20 web", "logs --since 10m -t web"];

    public override Flag[] Flags => [_follow, _timestamps, _details, _since, _until, _tail];

    public override int MinimumArguments => 1;

    public override int MaximumArguments => 1;

    public override CompletionSource Completes => CompletionSource.Containers;

    public override int Run(CommandContext context, IReadOnlyList<string> arguments)
    {
        var now = TimeProvider.System.GetUtcNow();
        bool tty;
        string id;
        using (var inspect = context.Api.Get($"/containers/{Query.Escape(arguments[0])}/json"))
        {
            tty = inspect.RootElement.Field("Config").Flag("Tty");
            id = inspect.RootElement.Text("Id");
        }
        using var exchange = context.Api.Send("GET", new Query($"/containers/{Query.Escape(id.Length > 0 ? id : arguments[0])}/logs")
            .Add("stdout", true).Add("stderr", true).Add("follow", _follow.Value).Add("timestamps", _timestamps.Value).Add("details", _details.Value)
            .Add("since", TimeArgument.ToUnix(_since.Value, now)).Add("until", TimeArgument.ToUnix(_until.Value, now)).Add("tail", _tail.Value).ToString());
        FrameReader frames = new();
        var buffer = new byte[32 * 1024];
        int count;
        while ((count = exchange.Body.Read(buffer)) > 0)
        {
            if (tty)
            {
                Libc.WriteAll(context.StdOut, buffer.AsSpan(0, count));
            }
            else
            {
                frames.Feed(buffer.AsSpan(0, count), (stream, payload) => Libc.WriteAll(stream == 2 ? context.StdError : context.StdOut, payload));
            }
        }
        return 0;
    }
}
