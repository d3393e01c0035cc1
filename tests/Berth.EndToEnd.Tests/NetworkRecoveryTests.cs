using Berth.Testing;

namespace Berth.EndToEnd.Tests;

/// <summary>Networks through crashes, and what is left of them. Each test has a daemon of its own.</summary>
public sealed class NetworkRecoveryTests
{
    private const string Serve = "mkdir /w; echo here >/w/index.html; httpd -p 80 -h /w; sleep 1000";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task DaemonKilled_AddressesPortsAndNamesGoOn()
    {
        await using PrivateDaemon daemon = await PrivateDaemon.StartAsync(Cancellation);
        await Docker(daemon, "network", "create", "net");
        await Docker(daemon, "run", "-d", "--name", "web", "--network", "net", "-p", "80", "busybox", "sh", "-c", Serve);
        string port = (await Docker(daemon, "port", "web", "80")).Lines[0].Split(':')[^1], address = await AddressAsync(daemon, "web");
        await daemon.KillAsync();
        await daemon.RestartAsync(Cancellation);
        Assert.Equal(address, await AddressAsync(daemon, "web"));
        Assert.Equal(port, (await Docker(daemon, "port", "web", "80")).Lines[0].Split(':')[^1]);
        using var client = new HttpClient();
        Assert.Equal("here\n", await client.GetStringAsync($"http://127.0.0.1:{port}/", Cancellation));
        CommandResult other = await Docker(daemon, "run", "--rm", "--network", "net", "busybox", "sh", "-c", "wget -qO- http://web; hostname -i");
        Assert.Equal("here", other.Lines[0]);
        Assert.NotEqual(address, other.Lines[1]);
        await Invariants.NothingIsLeftAsync(daemon, Cancellation);
    }

    [Fact]
    public async Task DaemonKilled_ContainerEndedMeanwhile_AddressAndPortAreFree()
    {
        await using PrivateDaemon daemon = await PrivateDaemon.StartAsync(Cancellation);
        await Docker(daemon, "run", "-d", "--name", "web", "-p", "80", "busybox", "sh", "-c", Serve);
        string port = (await Docker(daemon, "port", "web", "80")).Lines[0].Split(':')[^1], address = await AddressAsync(daemon, "web");
        string pid = (await Docker(daemon, "inspect", "-f", "{{.State.Pid}}", "web")).Text;
        await daemon.KillAsync();
        (await Command.RunAsync("kill", ["-9", pid], cancellationToken: Cancellation)).Expect();
        await daemon.RestartAsync(Cancellation);
        CommandResult again = await Docker(daemon, "run", "--rm", "-p", $"{port}:80", "busybox", "hostname", "-i");
        Assert.Equal(address, again.Text);
        await Invariants.NothingIsLeftAsync(daemon, Cancellation);
    }

    [Fact]
    public async Task DaemonStopped_NothingRuns_LeavesNoInterfaceAndNoTable()
    {
        await using PrivateDaemon daemon = await PrivateDaemon.StartAsync(Cancellation);
        await Docker(daemon, "network", "create", "net");
        await Docker(daemon, "run", "--rm", "--network", "net", "-p", "80", "busybox", "true");
        Assert.NotEmpty(daemon.Interfaces());
        Assert.Contains($"berth-{daemon.InterfaceTag}", await TablesAsync(), StringComparison.Ordinal);
        await daemon.StopAsync();
        Assert.Empty(daemon.Interfaces());
        Assert.DoesNotContain($"berth-{daemon.InterfaceTag}", await TablesAsync(), StringComparison.Ordinal);
        await daemon.RestartAsync(Cancellation);
        await Docker(daemon, "run", "--rm", "--network", "net", "busybox", "true");
    }

    [Fact]
    public async Task ManyAtOnce_NoAddressIsGivenTwice()
    {
        await using PrivateDaemon daemon = await PrivateDaemon.StartAsync(Cancellation);
        CommandResult[] runs = await Task.WhenAll(Enumerable.Range(0, 24).Select(_ => Docker(daemon, "run", "-d", "busybox", "sleep", "1000")));
        string[] addresses = await Task.WhenAll(runs.Select(run => AddressAsync(daemon, run.Text)));
        Assert.Equal(24, addresses.Distinct().Count());
        await Invariants.NothingIsLeftAsync(daemon, Cancellation);
    }

    private static async Task<string> TablesAsync() => (await Command.RunAsync("nft", ["list", "tables"], cancellationToken: Cancellation)).Expect().Output;

    private static async Task<string> AddressAsync(PrivateDaemon daemon, string name) =>
        (await Docker(daemon, "inspect", "-f", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", name)).Text;

    private static async Task<CommandResult> Docker(PrivateDaemon daemon, params string[] arguments) =>
        (await daemon.DockerAsync(arguments, cancellationToken: Cancellation)).Expect();
}
