using Berth.Cli.CommandLine;
using Berth.Cli.Http;
using Berth.Linux;

namespace Berth.Cli.Api;

/// <summary>Connects to the daemon, and starts it when nobody listens and the user may do so.</summary>
internal sealed class DaemonConnector(CommandContext context)
{
    /// <summary>A new connection.</summary>
    public Stream Connect()
    {
        try
        {
            return new DescriptorStream(Libc.ConnectUnix(context.Paths.Socket));
        }
        catch (LinuxException e) when (e.Errno is Errno.ENOENT or Errno.ECONNREFUSED or Errno.ENOTDIR)
        {
            return Start();
        }
        catch (LinuxException e) when (e.Errno is Errno.EACCES or Errno.EPERM)
        {
            throw new CliException($"no permission to use {context.Paths.Socket}: the daemon belongs to root; use sudo", 125);
        }
    }

    private DescriptorStream Start()
    {
        if (!context.MayStartDaemon)
        {
            throw new CliException($"no daemon listens on {context.Paths.Socket}. Start it with: berth daemon start", 125);
        }
        if (Libc.EffectiveUserId != 0)
        {
            throw new CliException(
                $"no daemon listens on {context.Paths.Socket}, and only root can start it. Run: sudo berth daemon start", 125);
        }
        return new DescriptorStream(new DaemonLauncher(context.Paths).Start());
    }
}
