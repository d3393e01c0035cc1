using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Berth.Testing;

namespace Berth.EndToEnd.Tests;

/// <summary>Networks with the stock docker CLI: addresses, names, isolation, ports, changes while running.</summary>
public sealed class NetworkTests(DaemonFixture fixture) : DockerTest(fixture)
{
    private const string Serve = "mkdir /w; hostname >/w/index.html; httpd -p 80 -h /w; trap exit TERM; while :; do sleep 1; done";

    private string HostAddress { get; } = Dns.GetHostAddresses(Dns.GetHostName()).Concat(Dns.GetHostAddresses("localhost"))
        .Concat(System.Net.NetworkInformation.NetworkInterface.GetAllNetworkInterfaces().SelectMany(static i => i.GetIPProperties().UnicastAddresses).Select(static a => a.Address))
        .FirstOrDefault(static a => a.AddressFamily == AddressFamily.InterNetwork && !IPAddress.IsLoopback(a) && !a.ToString().StartsWith("10.", StringComparison.Ordinal))?.ToString() ?? "";

    [Fact]
    public async Task DefaultBridge_AddressGatewayAndNamesOfEachOther()
    {
        string name = NewName();
        (await Docker("run", "-d", "--name", name, "-h", "box", "busybox", "sh", "-c", Serve)).Expect();
        string address = await Inspect(name, "{{.NetworkSettings.IPAddress}}"), gateway = await Inspect(name, "{{.NetworkSettings.Networks.bridge.Gateway}}");
        Assert.Equal(gateway, (await Docker("network", "inspect", "-f", "{{(index .IPAM.Config 0).Gateway}}", "bridge")).Expect().Text);
        CommandResult other = await RunShell("", $"ping -c 1 -W 2 {gateway} >/dev/null && wget -qO- http://{name} && wget -qO- http://{address} && cat /etc/resolv.conf && nslookup {address} && ip route");
        Assert.StartsWith("box\nbox\n", other.Expect().Output, StringComparison.Ordinal);
        Assert.Contains($"nameserver {gateway}\n", other.Output, StringComparison.Ordinal);
        Assert.Contains($"name = {name}.bridge", other.Output, StringComparison.Ordinal);
        Assert.Contains($"default via {gateway} dev eth0", other.Output, StringComparison.Ordinal);
        Assert.Contains($"{address}\tbox\n", (await Docker("exec", name, "cat", "/etc/hosts")).Expect().Output, StringComparison.Ordinal);
        Assert.Contains("rx_bytes", (await Daemon.CreateHttpClient().GetStringAsync($"/containers/{name}/stats?stream=0&one-shot=1", Cancellation)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task OwnNetwork_FixedAddressAliasesAndIsolationFromOthers()
    {
        string network = NewName(), other = NewName(), name = NewName();
        string subnet = await CreateWithSubnetAsync(network);
        (await Docker("network", "create", other)).Expect();
        (await Docker("run", "-d", "--name", name, "--network", network, "--ip", $"{subnet}.9", "--network-alias", "www", "busybox", "sh", "-c", Serve)).Expect();
        Assert.Contains("already in use", (await Docker("run", "--rm", "--network", network, "--ip", $"{subnet}.9", "busybox", "true")).Error, StringComparison.Ordinal);
        CommandResult inside = await RunShell($"--network {network}", $"wget -qO- http://www; wget -qO- http://{name}.{network}; hostname -i");
        Assert.Equal([(await Inspect(name, "{{.Config.Hostname}}")), await Inspect(name, "{{.Config.Hostname}}"), $"{subnet}.2"], inside.Expect().Lines);
        CommandResult outside = await RunShell($"--network {other}", $"timeout 2 wget -qO- http://{subnet}.9; echo $?; timeout 2 wget -qO- http://{name}; echo $?");
        Assert.Equal(["143", "1"], outside.Lines);
        Assert.Contains("active endpoints", (await Docker("network", "rm", network)).Error, StringComparison.Ordinal);
        (await Docker("rm", "-f", name)).Expect();
        (await Docker("network", "rm", network, other)).Expect();
        Assert.Contains("not found", (await Docker("run", "--rm", "--network", network, "busybox", "true")).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task InternalNetwork_ReachesNobodyOutside()
    {
        string network = NewName(), name = NewName();
        (await Docker("network", "create", "--internal", network)).Expect();
        (await Docker("run", "-d", "--name", name, "--network", network, "-p", "80", "busybox", "sh", "-c", Serve)).Expect();
        Assert.Equal("", (await Docker("port", name)).Expect().Text);
        CommandResult inside = await RunShell($"--network {network}", $"wget -qO- http://{name} >/dev/null; echo $?; ip route | grep -c default; nslookup elsewhere.example | grep -c REFUSED");
        Assert.Equal("0", inside.Lines[0]);
        Assert.Equal("0", inside.Lines[1]);
        Assert.NotEqual("0", inside.Lines[2]);
    }

    [Fact]
    public async Task IPv6Network_AddressesOfBothFamilies()
    {
        string network = NewName(), name = NewName();
        (await Docker("network", "create", "--ipv6", network)).Expect();
        (await Docker("run", "-d", "--name", name, "--network", network, "busybox", "sleep", "1000")).Expect();
        string address = await Inspect(name, $"{{{{.NetworkSettings.Networks.{network}.GlobalIPv6Address}}}}");
        Assert.StartsWith("fd", address, StringComparison.Ordinal);
        CommandResult other = await RunShell($"--network {network}", $"ping -6 -c 1 -W 2 {address} >/dev/null && nslookup -type=aaaa {name} && ip -6 route");
        Assert.Contains($"Address: {address}", other.Expect().Output, StringComparison.Ordinal);
        Assert.Contains("default via fd", other.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Publish_LoopbackHostAddressAndOtherNetworks_AllLeadThere()
    {
        string name = NewName();
        (await Docker("run", "-d", "--name", name, "-p", "80", "-p", "127.0.0.1::80", "-P", "--expose", "81", "busybox", "sh", "-c", Serve)).Expect();
        string[] lines = (await Docker("port", name, "80")).Expect().Lines;
        int port = int.Parse(lines[0].Split(':')[^1]), loopback = int.Parse(lines.Single(static l => l.StartsWith("127.0.0.1:", StringComparison.Ordinal)).Split(':')[1]);
        Assert.Contains($"[::]:{port}", lines);
        Assert.StartsWith("0.0.0.0:", (await Docker("port", name, "81")).Expect().Lines[0], StringComparison.Ordinal);
        string expected = await Inspect(name, "{{.Config.Hostname}}") + "\n";
        using var client = new HttpClient();
        foreach (string place in (string[])[$"127.0.0.1:{port}", $"[::1]:{port}", $"127.0.0.1:{loopback}"])
            Assert.Equal(expected, await client.GetStringAsync($"http://{place}/", Cancellation));
        if (HostAddress.Length > 0)
        {
            Assert.Equal(expected, await client.GetStringAsync($"http://{HostAddress}:{port}/", Cancellation));
            await Assert.ThrowsAsync<HttpRequestException>(() => client.GetStringAsync($"http://{HostAddress}:{loopback}/", Cancellation));
            // From its own network and from another: the way through the host.
            string other = NewName();
            (await Docker("network", "create", other)).Expect();
            foreach (string network in (string[])["bridge", other])
                Assert.Equal(expected, (await RunShell($"--network {network}", $"timeout 5 wget -qO- http://{HostAddress}:{port}")).Expect().Output);
        }
        Assert.Contains($"0.0.0.0:{port}->80/tcp", (await Docker("ps", "--format", "{{.Ports}}", "--filter", $"name={name}")).Expect().Text, StringComparison.Ordinal);
        CommandResult taken = await Docker("run", "--rm", "-p", $"{port}:80", "busybox", "true");
        Assert.Equal(125, taken.ExitCode);
        Assert.Contains("port is already allocated", taken.Error, StringComparison.Ordinal);
        (await Docker("rm", "-f", name)).Expect();
        (await Docker("run", "--rm", "-p", $"{port}:80", "busybox", "true")).Expect();
    }

    [Fact]
    public async Task Publish_Udp_GoesBothWays()
    {
        string name = NewName();
        (await Docker("run", "-d", "--name", name, "-p", "5353/udp", "busybox", "sleep", "1000")).Expect();
        int port = int.Parse((await Docker("port", name, "5353/udp")).Expect().Lines[0].Split(':')[^1]);
        // busybox has no server of datagrams: perl is one in the container's network.
        const string Echo = "use Socket; socket(S, PF_INET, SOCK_DGRAM, 17); bind(S, sockaddr_in(5353, INADDR_ANY)); $| = 1; print \"ready\\n\"; while ($p = recv(S, $b, 999, 0)) { send(S, \"to $b\", 0, $p) }";
        using Process server = Command.Start("nsenter", ["-t", await Inspect(name, "{{.State.Pid}}"), "-n", "perl", "-e", Echo]);
        try
        {
            Assert.Equal("ready", await server.StandardOutput.ReadLineAsync(Cancellation));
            foreach (string place in HostAddress.Length > 0 ? (string[])["127.0.0.1", HostAddress] : ["127.0.0.1"])
            {
                using var client = new UdpClient();
                client.Connect(IPAddress.Parse(place), port);
                await client.SendAsync("me"u8.ToArray(), Cancellation);
                Assert.Equal("to me", Encoding.ASCII.GetString((await client.ReceiveAsync(Cancellation)).Buffer));
            }
        }
        finally
        {
            server.Kill();
        }
    }

    [Fact]
    public async Task ConnectAndDisconnect_WhileRunning_InterfacesRoutesNamesAndPortsFollow()
    {
        string first = NewName(), second = NewName(), name = NewName();
        string subnet = await CreateWithSubnetAsync(second);
        (await Docker("network", "create", first)).Expect();
        (await Docker("run", "-d", "--name", name, "--network", first, "-p", "80", "busybox", "sh", "-c", Serve)).Expect();
        string host = await Inspect(name, "{{.Config.Hostname}}") + "\n";
        int port = int.Parse((await Docker("port", name, "80")).Expect().Lines[0].Split(':')[^1]);
        (await Docker("network", "connect", "--ip", $"{subnet}.7", "--alias", "db", second, name)).Expect();
        Assert.NotEqual(0, (await Docker("network", "connect", second, name)).ExitCode);
        Assert.Equal(host, (await RunShell($"--network {second}", "wget -qO- http://db")).Expect().Output);
        (await Docker("network", "disconnect", first, name)).Expect();
        CommandResult inside = (await Docker("exec", name, "sh", "-c", "ip route; ls /sys/class/net; cat /etc/resolv.conf")).Expect();
        Assert.Contains($"default via {subnet}.1 dev eth1", inside.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("eth0", inside.Output, StringComparison.Ordinal);
        Assert.Contains($"nameserver {subnet}.1", inside.Output, StringComparison.Ordinal);
        Assert.Equal($"{second} ", await Inspect(name, "{{range $k, $v := .NetworkSettings.Networks}}{{$k}} {{end}}") + " ");
        using var client = new HttpClient();
        int now = int.Parse((await Docker("port", name, "80")).Expect().Lines[0].Split(':')[^1]);
        Assert.Equal(host, await client.GetStringAsync($"http://127.0.0.1:{now}/", Cancellation));
        Assert.True(port > 0);

        (await Docker("restart", "-t", "1", name)).Expect();
        Assert.Equal($"{subnet}.7", await Inspect(name, $"{{{{.NetworkSettings.Networks.{second}.IPAddress}}}}"));
    }

    [Fact]
    public async Task JoinedNetwork_IsTheOthersWhole()
    {
        string name = NewName();
        (await Docker("run", "-d", "--name", name, "busybox", "sh", "-c", Serve)).Expect();
        CommandResult joined = await RunShell($"--network container:{name}", "wget -qO- http://127.0.0.1; hostname -i");
        Assert.Equal([await Inspect(name, "{{.Config.Hostname}}"), await Inspect(name, "{{.NetworkSettings.IPAddress}}")], joined.Expect().Lines);
        Assert.NotEqual(0, (await Docker("run", "--rm", "-p", "80", "--network", $"container:{name}", "busybox", "true")).ExitCode);
    }

    [Fact]
    public async Task Files_HostGatewaySearchAndNameServers()
    {
        CommandResult run = await RunShell("--add-host up:host-gateway --add-host db:10.0.0.5 --dns-search lan.test --dns-option ndots:2 --dns 127.0.0.9", "cat /etc/hosts /etc/resolv.conf; ip route | cut -d' ' -f3 | head -1");
        string gateway = run.Expect().Lines[^1];
        Assert.Contains($"{gateway}\tup\n", run.Output, StringComparison.Ordinal);
        Assert.Contains("10.0.0.5\tdb\n", run.Output, StringComparison.Ordinal);
        Assert.Contains($"nameserver {gateway}\nsearch lan.test\noptions ndots:2\n", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task UserNamespace_HasItsNetworkToo()
    {
        string name = NewName();
        (await Docker("run", "-d", "--name", name, "busybox", "sh", "-c", Serve)).Expect();
        CommandResult run = await Daemon.BerthAsync(["run", "--rm", "--userns", "private", "busybox", "wget", "-qO-", $"http://{name}"], cancellationToken: Cancellation);
        Assert.Equal(await Inspect(name, "{{.Config.Hostname}}"), run.Expect().Text);
    }

    [Fact]
    public async Task Networks_ListInspectPruneAndEvents()
    {
        string network = NewName(), name = NewName();
        string since = DateTimeOffset.UtcNow.ToUnixTimeSeconds().ToString();
        (await Docker("network", "create", "--label", "of=test", "--subnet", "192.168.77.0/24", "--ip-range", "192.168.77.128/25", "--aux-address", "router=192.168.77.128", network)).Expect();
        Assert.NotEqual(0, (await Docker("network", "create", network)).ExitCode);
        Assert.Contains("overlaps", (await Docker("network", "create", "--subnet", "192.168.0.0/16", NewName())).Error, StringComparison.Ordinal);
        Assert.Equal([network], (await Docker("network", "ls", "--filter", "label=of=test", "--format", "{{.Name}}")).Expect().Lines);
        Assert.Equal("192.168.77.129", (await RunShell($"--name {name} --network {network}", "hostname -i")).Expect().Text);
        Assert.Equal(403, (int)(await Daemon.CreateHttpClient().DeleteAsync("/networks/bridge", Cancellation)).StatusCode);
        (await Docker("network", "prune", "-f", "--filter", "label=of=test")).Expect();
        Assert.Equal("", (await Docker("network", "ls", "-q", "--filter", "label=of=test")).Expect().Text);
        string until = (DateTimeOffset.UtcNow.ToUnixTimeSeconds() + 1).ToString();
        string[] events = (await Docker("events", "--since", since, "--until", until, "--filter", "type=network", "--filter", $"network={network}", "--format", "{{.Action}}")).Expect().Lines;
        Assert.Equal(["create", "connect", "disconnect", "destroy"], events);
    }

    [Fact]
    public async Task BerthNetwork_VerbsDoTheSame()
    {
        string network = NewName(), name = NewName();
        Assert.Equal(64, (await Daemon.BerthAsync(["network", "create", "--internal", network], cancellationToken: Cancellation)).Expect().Text.Length);
        (await Daemon.BerthAsync(["run", "-d", "--name", name, "-p", "127.0.0.1::80", "busybox", "sh", "-c", Serve], cancellationToken: Cancellation)).Expect();
        (await Daemon.BerthAsync(["network", "connect", "--alias", "db", network, name], cancellationToken: Cancellation)).Expect();
        Assert.Equal(name, (await Daemon.BerthAsync(["network", "inspect", "-f", "{{range .Containers}}{{.Name}}{{end}}", network], cancellationToken: Cancellation)).Expect().Text);
        Assert.StartsWith("80/tcp -> 127.0.0.1:", (await Daemon.BerthAsync(["port", name], cancellationToken: Cancellation)).Expect().Text, StringComparison.Ordinal);
        (await Daemon.BerthAsync(["network", "disconnect", network, name], cancellationToken: Cancellation)).Expect();
        Assert.Contains(network, (await Daemon.BerthAsync(["network", "ls"], cancellationToken: Cancellation)).Expect().Output, StringComparison.Ordinal);
        (await Daemon.BerthAsync(["network", "rm", network], cancellationToken: Cancellation)).Expect();
    }

    // Three numbers of a subnet that the daemon chose as free.
    private async Task<string> CreateWithSubnetAsync(string network)
    {
        (await Docker("network", "create", network)).Expect();
        string subnet = (await Docker("network", "inspect", "-f", "{{(index .IPAM.Config 0).Subnet}}", network)).Expect().Text;
        return subnet[..subnet.LastIndexOf('.')];
    }
}
