using System.Net;
using System.Runtime.ExceptionServices;
using Berth.Containers.Interfaces;
using Berth.Containers.Lifecycle;
using Berth.Containers.Spec;
using Berth.Linux;
using Berth.Linux.Routing;
using static Berth.Linux.Libc;

namespace Berth.Containers.Tests.Lifecycle;

/// <summary>Interfaces of containers, on a bridge in a network namespace that stands for the host's.</summary>
public sealed class InterfaceTests : IDisposable
{
    private readonly TestContainer _box = new();

    private static readonly InterfaceConfig Card = new()
    {
        Name = "eth0",
        HostName = "outer",
        Bridge = "br0",
        Mac = "02:42:0a:01:02:09",
        Mtu = 1400,
        Addresses = ["10.1.2.9/24", "fd01::9/64"],
        Gateways = ["10.1.2.1", "fd01::1"],
    };

    public void Dispose() => _box.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Start_WithInterface_WorkloadFindsItUp(bool mapped) => OnHost(host =>
    {
        RuntimeSpec spec = TestContainer.Spec("sh", "-c", "ip addr show eth0; ip route; ip -6 route");
        (string output, int exitCode) = TestContainer.Run(_box.Config(mapped ? TestContainer.Mapped(spec) : spec) with { Interfaces = [Card] });
        Assert.Equal(0, exitCode);
        foreach (string expected in (string[])["mtu 1400", "LOWER_UP", "02:42:0a:01:02:09", "inet 10.1.2.9/24", "inet6 fd01::9/64", "default via 10.1.2.1 dev eth0", "default via fd01::1 dev eth0"])
            Assert.Contains(expected, output, StringComparison.Ordinal);
        Assert.DoesNotContain("tentative", output.Split('\n').First(static l => l.Contains("fd01::9", StringComparison.Ordinal)), StringComparison.Ordinal);
    });

    [Fact]
    public void Start_BridgeIsMissing_FailsAndLeavesNothing() => OnHost(host =>
    {
        ContainerStartException e = Assert.Throws<ContainerStartException>(() => TestContainer.Run(_box.Config(TestContainer.Spec("true")) with { Interfaces = [Card, Card with { Name = "eth1", HostName = "other", Bridge = "br1" }] }));
        Assert.Contains("br1", e.Message, StringComparison.Ordinal);
        Assert.Equal(0, host.Find("other"));
    });

    [Fact]
    public void Add_ToARunningContainer_AndTakenOffAgain() => OnHost(host =>
    {
        using StartedProcess process = ContainerRuntime.Start(_box.Config(TestContainer.Spec("sleep", "1000")), new ProcessStdio(null, null, null));
        try
        {
            ContainerInterfaces.Add(process.Pid, Card with { Gateways = [] });
            ContainerInterfaces.SetGateways(process.Pid, Card);
            ExecConfig exec = new() { ContainerPid = process.Pid, ContainerPidFd = process.PidFd, Process = TestContainer.Spec("ip", "route").Process! };
            Assert.Contains("default via 10.1.2.1 dev eth0", TestContainer.Exec(exec).Output, StringComparison.Ordinal);
            Assert.True(host.Remove("outer"));
            Assert.Equal("", TestContainer.Exec(exec).Output);
        }
        finally
        {
            SendSignal(process.PidFd, SIGKILL);
            Libc.Wait(process.PidFd);
        }
    });

    [Fact]
    public void Start_WithTaps_TheyAreTheOnlyDescriptorsBesidesTheStreams() => OnHost(host =>
    {
        if (!File.Exists("/dev/net/tun")) Assert.Skip("needs /dev/net/tun");
        TapConfig[] taps = [new() { HostName = "tap0", Bridge = "br0" }, new() { HostName = "tap1", Bridge = "br0", Mtu = 1400 }];
        (string output, int exitCode) = TestContainer.Run(_box.Config(TestContainer.Spec("sh", "-c", "readlink /proc/self/fd/3; readlink /proc/self/fd/4; ls /proc/self/fd; ls /sys/class/net")) with { Taps = taps });
        Assert.Equal(0, exitCode);
        Assert.Equal("/dev/net/tun\n/dev/net/tun\n0\n1\n2\n3\n4\n5\nlo\n", output);
        Assert.Equal((0, 0), (host.Find("tap0"), host.Find("tap1")));
    });

    private static void OnHost(Action<RouteSocket> test)
    {
        ExceptionDispatchInfo? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                Unshare(CLONE_NEWNET);
                using var host = RouteSocket.Open();
                host.AddBridge("br0", 1500, [2, 0, 0, 0, 0, 1]);
                int bridge = host.Find("br0");
                host.SetUp(bridge);
                host.AddAddress(bridge, IPAddress.Parse("10.1.2.1"), 24);
                test(host);
            }
            catch (Exception e)
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }
        });
        thread.Start();
        thread.Join();
        failure?.Throw();
    }
}
