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
    public void Parse_Registries_AddsFlagsToVariables()
    {
        DaemonOptions options = DaemonOptions.Parse(
            ["--insecure-registry", "b:5000", "--registry-mirror=other.example.org=https://c.example.org"],
            name => name switch { "BERTH_INSECURE_REGISTRIES" => "a:5000, 10.0.0.0/8", "BERTH_REGISTRY_MIRRORS" => "https://m.example.org", _ => null });
        Assert.Equal(["a:5000", "10.0.0.0/8", "b:5000"], options.Registries.Insecure);
        Assert.Equal(["docker.io", "other.example.org"], options.Registries.Mirrors.Select(mirror => mirror.Domain));
    }

    [Theory]
    [InlineData("ftp://m.example.org")]
    [InlineData("m.example.org")]
    [InlineData("https://m.example.org/path")]
    [InlineData("https://user@m.example.org")]
    [InlineData("=https://m.example.org")]
    public void Parse_BadMirror_IsRefused(string mirror) => Assert.Throws<FormatException>(() => DaemonOptions.Parse(["--registry-mirror", mirror], _ => null));

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
