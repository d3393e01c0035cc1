namespace Berth.Daemon.Tests.Http;

/// <summary>Calls that leave HTTP behind.</summary>
public sealed class HijackTests(TestListener listener) : IClassFixture<TestListener>
{
    private const string Upgrade = "Connection: Upgrade\r\nUpgrade: tcp\r\n";
    private const string Expected = "<0:input><1:input><2:input><3:input><4:input>";

    [Fact]
    public async Task Upgrade_HalfCloseAfterInput_OutputStillArrivesAndEnds()
    {
        using RawClient client = await RawClient.ConnectAsync(listener.Socket);
        await client.SendAsync($"POST /v1.50/late/x/attach?stream=1 HTTP/1.1\r\nHost: x\r\n{Upgrade}\r\n");
        string head = await client.ReadUntilAsync("\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 101 UPGRADED\r\n", head);
        Assert.Contains("Upgrade: tcp\r\n", head);
        Assert.Contains("Connection: Upgrade\r\n", head);
        await client.SendAsync("input");
        client.HalfClose();
        Assert.Equal(Expected, await client.ReadToEndAsync());
    }

    [Fact]
    public async Task Upgrade_ClientThatReadsTheHeadThroughABuffer_FindsTheOutputInTheNextRead()
    {
        using RawClient client = await RawClient.ConnectAsync(listener.Socket);
        await client.SendAsync($"POST /late/x/attach HTTP/1.1\r\nHost: x\r\n{Upgrade}\r\ninput");
        client.HalfClose();
        // Input that came along with the request has its output ready as soon as the head is sent.
        string head = await client.ReadOnceAsync();
        Assert.StartsWith("HTTP/1.1 101 ", head);
        Assert.EndsWith("\r\n\r\n", head);
        Assert.Equal(Expected, await client.ReadToEndAsync());
    }

    [Fact]
    public async Task Upgrade_WithJsonBody_IsAccepted()
    {
        using RawClient client = await RawClient.ConnectAsync(listener.Socket);
        await client.SendAsync($"POST /late/x/attach HTTP/1.1\r\nHost: x\r\n{Upgrade}Content-Type: application/json\r\nContent-Length: 16\r\n\r\n{{\"Detach\":false}}"[..^1] + "}");
        Assert.StartsWith("HTTP/1.1 101 ", await client.ReadUntilAsync("\r\n\r\n"));
        await client.SendAsync("input");
        client.HalfClose();
        Assert.Equal(Expected, await client.ReadToEndAsync());
    }

    [Fact]
    public async Task Upgrade_WithChunkedBodyAndEarlyInput_LosesNothing()
    {
        using RawClient client = await RawClient.ConnectAsync(listener.Socket);
        await client.SendAsync($"POST /late/x/attach HTTP/1.1\r\nHost: x\r\n{Upgrade}Transfer-Encoding: chunked\r\n\r\n2\r\n{{}}\r\n0\r\n\r\ninput");
        client.HalfClose();
        Assert.StartsWith("HTTP/1.1 101 ", await client.ReadUntilAsync("\r\n\r\n"));
        Assert.Equal(Expected, await client.ReadToEndAsync());
    }

    [Fact]
    public async Task Upgrade_AfterOrdinaryRequestsOnTheSameConnection_Works()
    {
        using RawClient client = await RawClient.ConnectAsync(listener.Socket);
        for (int i = 0; i < 3; i++)
        {
            await client.SendAsync("GET /_ping HTTP/1.1\r\nHost: x\r\n\r\n");
            Assert.Equal("OK", (await client.ReadAnswerAsync()).Body);
        }
        await client.SendAsync($"POST /late/x/attach HTTP/1.1\r\nHost: x\r\n{Upgrade}\r\ninput");
        client.HalfClose();
        Assert.StartsWith("HTTP/1.1 101 ", await client.ReadUntilAsync("\r\n\r\n"));
        Assert.Equal(Expected, await client.ReadToEndAsync());
    }

    [Fact]
    public async Task NoUpgrade_Attach_AnswersPlain200UntilTheEnd()
    {
        using RawClient client = await RawClient.ConnectAsync(listener.Socket);
        await client.SendAsync("POST /late/x/attach HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\ninput");
        client.HalfClose();
        string head = await client.ReadUntilAsync("\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 200 ", head);
        Assert.Contains("Content-Type: application/vnd.docker.raw-stream\r\n", head);
        Assert.Equal(Expected, await client.ReadToEndAsync());
    }

    [Fact]
    public async Task Upgrade_ClientLeavesASilentWorkload_TheCallEnds()
    {
        using (RawClient client = await RawClient.ConnectAsync(listener.Socket))
        {
            await client.SendAsync($"POST /silent/x/attach HTTP/1.1\r\nHost: x\r\n{Upgrade}\r\n");
            await client.ReadUntilAsync("\r\n\r\n");
        }
        await listener.SilentEnded.Task.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Upgrade_ManyAtOnce_EachGetsItsOwn()
    {
        await Task.WhenAll(Enumerable.Range(0, 50).Select(async _ =>
        {
            using RawClient client = await RawClient.ConnectAsync(listener.Socket);
            await client.SendAsync($"POST /late/x/attach HTTP/1.1\r\nHost: x\r\n{Upgrade}\r\n");
            await client.ReadUntilAsync("\r\n\r\n");
            await client.SendAsync("input");
            client.HalfClose();
            Assert.Equal(Expected, await client.ReadToEndAsync());
        }));
    }
}
