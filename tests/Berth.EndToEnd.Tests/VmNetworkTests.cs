using System.Diagnostics;
using Berth.Testing;

namespace Berth.EndToEnd.Tests;

/// <summary>Networks of running virtual machines change, as those of containers do.</summary>
[Trait("Category", "slow")]
public sealed class VmNetworkTests(VmFixture fixture) : IClassFixture<VmFixture>
{
    private const string Serve = "mkdir -p /w; hostname >/w/index.html; httpd -p 80 -h /w; echo serves; sleep 100000";

    private PrivateDaemon Daemon { get; } = fixture.Daemon;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private Task<CommandResult> Docker(params string[] arguments) => Daemon.DockerAsync(arguments, cancellationToken: Cancellation);

    private async Task<string> Inspect(string name, string template) => (await Docker("inspect", "-f", template, name)).Expect().Text;

    private Task<string> NetworksOf(string name) => Inspect(name, "{{range $k, $v := .NetworkSettings.Networks}}{{$k}} {{end}}");

    private string[] Taps() => [.. Daemon.Interfaces().Where(static name => name.StartsWith("vt", StringComparison.Ordinal)).Order()];

    private async Task<string> CreateAsync(string network, params string[] options)
    {
        (await Docker(["network", "create", .. options, network])).Expect();
        return (await Docker("network", "inspect", "-f", "{{(index .IPAM.Config 0).Gateway}}", network)).Expect().Text[..^2];
    }

    private async Task StartMachineAsync(string name, params string[] options)
    {
        (await Docker(["run", "-d", "--runtime", "vm", "--name", name, "-h", name, "-m", "128m", .. options, "busybox", "sh", "-c", Serve])).Expect();
        await VmFixture.WaitForLogAsync(Daemon, name, "serves");
    }

    [Fact]
    public async Task ConnectAndDisconnect_WhileRunning_NamesRoutesPortsAndInspectFollow()
    {
        string old = await CreateAsync("old"), late = await CreateAsync("late", "--ipv6");
        string fixedAddress = $"{late}.77";
        await StartMachineAsync("vm", "--network", "old", "-p", "80");
        (await Docker("run", "-d", "--name", "beside", "--network", "late", "-h", "beside", "busybox", "sh", "-c", Serve)).Expect();
        Assert.NotEqual(0, (await Docker("exec", "vm", "timeout", "5", "wget", "-qO-", "http://beside")).ExitCode);

        (await Docker("network", "connect", "--ip", fixedAddress, "--alias", "vee", "late", "vm")).Expect();
        Assert.NotEqual(0, (await Docker("network", "connect", "late", "vm")).ExitCode);
        Assert.Equal("beside", (await Docker("exec", "vm", "wget", "-qO-", "http://beside")).Expect().Text);
        foreach (string name in (string[])["vm", "vee", fixedAddress])
            Assert.Equal("vm", (await Docker("exec", "beside", "wget", "-qO-", $"http://{name}")).Expect().Text);
        Assert.Equal("late old", await NetworksOf("vm"));
        Assert.Equal(fixedAddress, await Inspect("vm", "{{.NetworkSettings.Networks.late.IPAddress}}"));
        string second = await Inspect("vm", "{{.NetworkSettings.Networks.late.GlobalIPv6Address}}");
        Assert.NotEqual("", second);
        (await Docker("exec", "beside", "ping", "-c", "1", "-W", "30", second)).Expect();
        string inside = (await Docker("exec", "vm", "sh", "-c", "ip route; cat /etc/hosts")).Expect().Output;
        Assert.Contains($"default via {old}.1 dev eth0", inside, StringComparison.Ordinal);
        Assert.Contains(fixedAddress, inside, StringComparison.Ordinal);
        Assert.Contains("\"vm\"", (await Docker("network", "inspect", "-f", "{{json .Containers}}", "late")).Expect().Text, StringComparison.Ordinal);

        // The network with the default route goes: routes, resolver and ports move to the one that is left.
        (await Docker("network", "disconnect", "old", "vm")).Expect();
        inside = (await Docker("exec", "vm", "sh", "-c", "ip route; ls /sys/class/net; cat /etc/resolv.conf")).Expect().Output;
        Assert.Contains($"default via {late}.1 dev eth1", inside, StringComparison.Ordinal);
        Assert.DoesNotContain("eth0", inside, StringComparison.Ordinal);
        Assert.Contains($"nameserver {late}.1", inside, StringComparison.Ordinal);
        Assert.Equal("late", await NetworksOf("vm"));
        string port = (await Docker("port", "vm", "80")).Expect().Lines[0].Split(':')[^1];
        using var client = new HttpClient();
        Assert.Equal("vm\n", await client.GetStringAsync($"http://127.0.0.1:{port}/", Cancellation));

        // A restart keeps the set.
        (await Docker("restart", "-t", "0", "vm")).Expect();
        Assert.Equal(fixedAddress, await Inspect("vm", "{{.NetworkSettings.Networks.late.IPAddress}}"));
        (await Docker("exec", "beside", "sh", "-c", "until timeout 5 wget -qO- http://vee; do sleep 1; done")).Expect();

        int taps = Taps().Length;
        (await Docker("network", "disconnect", "late", "vm")).Expect();
        Assert.Equal(taps - 1, Taps().Length);
        Assert.NotEqual(0, (await Docker("exec", "beside", "ping", "-c", "1", "-W", "2", fixedAddress)).ExitCode);
        Assert.NotEqual(0, (await Docker("exec", "beside", "nslookup", "vm")).ExitCode);
        Assert.Equal("", await NetworksOf("vm"));
        Assert.Equal("", (await Docker("port", "vm")).Text);
        (await Docker("rm", "-f", "vm", "beside")).Expect();
        (await Docker("network", "rm", "old", "late")).Expect();
    }

    [Fact]
    public async Task Connect_GuestThatCannotHaveTheCard_EverythingIsAsBefore()
    {
        string subnet = await CreateAsync("refused");
        string[] taps = Taps();
        string hosts = (await Docker("exec", VmFixture.Machine, "sh", "-c", "echo 0 >/sys/bus/virtio/drivers_autoprobe; cat /etc/hosts")).Expect().Output;
        CommandResult refused = await Docker("network", "connect", "--ip", $"{subnet}.9", "refused", VmFixture.Machine);
        Assert.NotEqual(0, refused.ExitCode);
        Assert.Contains("cannot find the network card", refused.Error, StringComparison.Ordinal);
        Assert.Equal(taps, Taps());
        Assert.Equal("bridge", await NetworksOf(VmFixture.Machine));
        Assert.Equal(hosts, (await Docker("exec", VmFixture.Machine, "sh", "-c", "echo 1 >/sys/bus/virtio/drivers_autoprobe; cat /etc/hosts")).Expect().Output);
        // The address was given back.
        Assert.Equal($"{subnet}.9", (await Docker("run", "--rm", "--network", "refused", "--ip", $"{subnet}.9", "busybox", "hostname", "-i")).Expect().Text);
        (await Docker("network", "connect", "--ip", $"{subnet}.9", "refused", VmFixture.Machine)).Expect();
        (await Docker("network", "disconnect", "refused", VmFixture.Machine)).Expect();
        (await Docker("network", "rm", "refused")).Expect();
    }

    [Fact]
    public async Task Paused_IsRefusedAndChangesNothing()
    {
        await CreateAsync("frozen");
        (await Docker("pause", VmFixture.Machine)).Expect();
        CommandResult connect = await Docker("network", "connect", "frozen", VmFixture.Machine), disconnect = await Docker("network", "disconnect", "bridge", VmFixture.Machine);
        (await Docker("unpause", VmFixture.Machine)).Expect();
        Assert.Contains("unpause it", connect.Error, StringComparison.Ordinal);
        Assert.Contains("unpause it", disconnect.Error, StringComparison.Ordinal);
        Assert.Equal("bridge", await NetworksOf(VmFixture.Machine));
        (await Docker("network", "rm", "frozen")).Expect();
    }

    [Fact]
    public async Task MachineKilled_InTheMiddleOfAConnection_NothingIsLeft()
    {
        await CreateAsync("cut");
        string[] taps = Taps();
        (string name, Task<CommandResult> connecting) = await ConnectWhileBootingAsync("cut");
        (await Command.RunAsync("kill", ["-9", await Inspect(name, "{{.State.Pid}}")], cancellationToken: Cancellation)).Expect();
        Assert.NotEqual(0, (await connecting).ExitCode);
        Assert.Equal("137", (await Docker("wait", name)).Expect().Text);
        Assert.Equal("bridge", await NetworksOf(name));
        (await Docker("rm", "-f", name)).Expect();
        (await Docker("network", "rm", "cut")).Expect();
        await UntilAsync(() => Task.FromResult(Taps().SequenceEqual(taps)), "the taps are gone");
    }

    [Fact]
    public async Task DaemonKilled_InTheMiddleOfAConnection_TheMachineIsTakenOff()
    {
        await CreateAsync("crash");
        string[] taps = Taps();
        (string name, Task<CommandResult> connecting) = await ConnectWhileBootingAsync("crash");
        await Daemon.KillAsync();
        Assert.NotEqual(0, (await connecting).ExitCode);
        await Daemon.RestartAsync(Cancellation);
        await VmFixture.WaitForLogAsync(Daemon, name, "booted");
        Assert.Equal("bridge", await NetworksOf(name));
        await UntilAsync(async () => Taps().Length == taps.Length + 1 && (await Docker("exec", name, "ls", "/sys/class/net")).Expect().Text == "eth0\nlo", "the card is gone");
        Assert.Equal("{}", (await Docker("network", "inspect", "-f", "{{json .Containers}}", "crash")).Expect().Text);
        // And can be put on it as if nothing had been.
        (await Docker("network", "connect", "crash", name)).Expect();
        Assert.Equal("eth0\neth1\nlo", (await Docker("exec", name, "ls", "/sys/class/net")).Expect().Text);
        (await Docker("rm", "-f", name)).Expect();
        await UntilAsync(() => Task.FromResult(Taps().SequenceEqual(taps)), "the taps are gone");
        (await Docker("network", "rm", "crash")).Expect();
    }

    // A guest that boots is waited for: a connection that has begun and is not over.
    private async Task<(string Name, Task<CommandResult> Connecting)> ConnectWhileBootingAsync(string network)
    {
        string name = $"on-{network}";
        (await Docker("run", "-d", "--runtime", "vm", "--name", name, "-m", "128m", "busybox", "sh", "-c", "echo booted; sleep 100000")).Expect();
        int before = Taps().Length;
        Task<CommandResult> connecting = Docker("network", "connect", network, name);
        await UntilAsync(() => Task.FromResult(Taps().Length > before), "the tap is there");
        return (name, connecting);
    }

    private static async Task UntilAsync(Func<Task<bool>> holds, string what)
    {
        for (long start = Stopwatch.GetTimestamp(); !await holds(); await Task.Delay(20, Cancellation))
            Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromMinutes(2), $"not within two minutes: {what}");
    }
}
