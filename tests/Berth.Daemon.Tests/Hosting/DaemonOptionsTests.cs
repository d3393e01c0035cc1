using System.Net;
using Berth.Daemon.Hosting;

namespace Berth.Daemon.Tests.Hosting;

/// <summary>Flags and environment.</summary>
public sealed class DaemonOptionsTests
{
    [Fact]
    public void Parse_Nothing_GivesTheDefaults()
    {
        DaemonOptions options = DaemonOptions.Parse([], _ => null);
        Assert.Equal("/var/lib/berth", options.DataRoot);
        Assert.Equal("/run/berth/berth.sock", Assert.Single(options.Listen).ToString());
    }

    [Fact]
    public void Parse_FlagAndVariable_FlagWins()
    {
        DaemonOptions options = DaemonOptions.Parse(["--run-root=/tmp/a/"], name => name switch
        {
            "BERTH_RUN_ROOT" => "/tmp/b",
            "BERTH_DATA_ROOT" => "/tmp/c",
            _ => null,
        });
        Assert.Equal(("/tmp/a", "/tmp/c", "/tmp/a/berth.sock"), (options.RunRoot, options.DataRoot, options.Listen[0].ToString()));
    }

    [Fact]
    public void Parse_LoopbackTcpWhenAllowed_ListensThere()
        => Assert.IsType<IPEndPoint>(DaemonOptions.Parse(["-H", "unix:///tmp/x.sock", "--host", "tcp://127.0.0.1:2375", "--allow-insecure-tcp"], _ => null).Listen[1]);

    [Theory]
    [InlineData("--host", "tcp://127.0.0.1:2375")]
    [InlineData("--allow-insecure-tcp", "--host", "tcp://0.0.0.0:2375")]
    [InlineData("--host", "unix://relative")]
    [InlineData("--host", "http://x")]
    [InlineData("--host")]
    [InlineData("--data-root", "relative")]
    [InlineData("--data-root", "/a/../b")]
    [InlineData("--log-level", "loud")]
    [InlineData("--nonsense")]
    [InlineData("extra")]
    public void Parse_Wrong_IsRefused(params string[] arguments)
        => Assert.Throws<FormatException>(() => DaemonOptions.Parse(arguments, _ => null));
}
