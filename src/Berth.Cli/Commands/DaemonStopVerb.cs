using Berth.Cli.Api;
using Berth.Cli.CommandLine;
using Berth.Linux;

namespace Berth.Cli.Commands;

/// <summary><c>berth daemon stop</c>: containers run on, the next command starts the daemon again.</summary>
internal sealed class DaemonStopVerb : Verb
{
    private readonly NumberFlag _timeout = new("timeout", 't', "SECONDS", "How long to wait (default 30)");

    public override string Usage => "[OPTIONS]";

    public override IReadOnlyList<string> Examples => ["daemon stop"];

    public override Flag[] Flags => [_timeout];

    public override int MaximumArguments => 0;

    public override int Run(CommandContext context, IReadOnlyList<string> arguments)
    {
        if (DaemonProcessFile.Read(context.Paths) is not { } pid)
        {
            context.Error.WriteLine("The daemon does not run");
            return 0;
        }
        using var process = Libc.OpenProcess(pid);
        Libc.SendSignal(process, Libc.SIGTERM);
        Libc.pollfd[] fds = [new Libc.pollfd { fd = process.Number, events = Libc.POLLIN }];
        var seconds = (int)Math.Clamp(_timeout.Value ?? 30, 0, 3600);
        return Libc.Poll(fds, seconds * 1000) > 0
            ? 0
            : throw new CliException($"the daemon (pid {pid}) still runs after {seconds} s; see `berth daemon logs`");
    }
}
