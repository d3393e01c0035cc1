using System.Net;
using System.Net.Sockets;
using Berth.Testing;

namespace Berth.EndToEnd.Tests;

/// <summary>docs/guestbook, as its page says.</summary>
[Trait("Category", "slow")]
public sealed class GuestbookTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Its builds fetch some hundred packages from inside containers: run where BERTH_TEST_DEBIAN is set.</summary>
    [Fact]
    public async Task Guestbook_UpEntryRestartDown_KeepsEntriesAndLeavesNothing()
    {
        if (Environment.GetEnvironmentVariable("BERTH_TEST_DEBIAN") is null) Assert.Skip("set BERTH_TEST_DEBIAN to build the guest book from Debian's packages");
        await using PrivateDaemon daemon = await PrivateDaemon.StartAsync(Cancellation);
        await VmFixture.ProvideKernelAsync(daemon);
        (await daemon.DockerAsync(["load", "-q", "-i", await SharedImages.DebianAsync(Cancellation)], cancellationToken: Cancellation)).Expect();
        int port = FreePort();
        string environment = Path.Combine(daemon.Scratch, "guestbook.env");
        await File.WriteAllTextAsync(environment, $"GUESTBOOK_PORT={port}\n", Cancellation);
        (await Compose("up", "-d", "--wait")).Expect();
        using HttpClient client = new() { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
        (await client.PostAsync("/", new FormUrlEncodedContent([new("entry", "Ahoy <b>")]), Cancellation)).EnsureSuccessStatusCode();
        (await Compose("restart", "store")).Expect();
        (await Compose("up", "-d", "--wait")).Expect();
        Assert.Contains("<li>Ahoy &lt;b&gt;</li>", await client.GetStringAsync("/", Cancellation), StringComparison.Ordinal);
        Assert.NotEqual((await Compose("exec", "-T", "web", "uname", "-r")).Expect().Text, (await Compose("exec", "-T", "store", "uname", "-r")).Expect().Text);
        (await Compose("down", "-v", "--rmi", "local")).Expect();
        Assert.Empty((await daemon.DockerAsync(["ps", "-aq"], cancellationToken: Cancellation)).Expect().Lines);
        Assert.Empty((await daemon.DockerAsync(["volume", "ls", "-q"], cancellationToken: Cancellation)).Expect().Lines);

        Task<CommandResult> Compose(params string[] words) =>
            daemon.BerthAsync(["compose", "-f", Path.Combine(Repository.Root, "docs/guestbook/compose.yaml"), "--env-file", environment, .. words], cancellationToken: Cancellation);
    }

    private static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
