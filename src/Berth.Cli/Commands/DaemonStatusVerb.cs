using Berth.Cli.Api;
using Berth.Cli.CommandLine;
using Berth.Cli.Http;
using Berth.Cli.Output;
using Berth.Linux;

namespace Berth.Cli.Commands;

/// <summary><c>berth daemon status</c>; exit code 3 when it does not run, as systemctl has it.</summary>
internal sealed class DaemonStatusVerb : Verb
{
    private const int NotRunning = 3;

    public override string Usage => "";

    public override IReadOnlyList<string> Examples => ["daemon status"];

    public override int MaximumArguments => 0;

    public override int Run(CommandContext context, IReadOnlyList<string> arguments)
    {
        try
        {
            using ApiClient client = new(() => new DescriptorStream(Libc.ConnectUnix(context.Paths.Socket)));
            using var version = client.Get("/version");
            var pid = DaemonProcessFile.Read(context.Paths);
            context.Out.WriteLine($"running{(pid is null ? "" : $", pid {pid}")}, version {version.RootElement.Text("Version")}, socket {context.Paths.Socket}, data {context.Paths.DataRoot}");
            return 0;
        }
        catch (LinuxException e) when (e.Errno is Errno.ENOENT or Errno.ECONNREFUSED or Errno.ENOTDIR)
        {
            context.Out.WriteLine($"not running (socket {context.Paths.Socket})");
            return NotRunning;
        }
    }
}
