using System.Text;

namespace Berth.Daemon.Tests.Http;

/// <summary>What clients see on the wire, well-behaved and not.</summary>
public sealed class ProtocolTests(TestListener listener) : IClassFixture<TestListener>
{
    [Fact]
    public async Task Ping_Head_AnnouncesVersionAndSystem()
    {
        using RawClient client = await RawClient.ConnectAsync(listener.Socket);
        await client.SendAsync("HEAD /_ping HTTP/1.1\r\nHost: api.moby.localhost\r\n\r\n");
        (string head, string body) = (await client.ReadUntilAsync("\r\n\r\n"), "");
        Assert.StartsWith("HTTP/1.1 200 ", head);
        Assert.Contains("Api-Version: 1.50\r\n", head);
        Assert.Contains("Ostype: linux\r\n", head);
        Assert.Contains("Docker-Experimental: false\r\n", head);
        Assert.Contains("Builder-Version: 1\r\n", head);
        Assert.Contains("Swarm: inactive\r\n", head);
        Assert.Empty(body);
    }

    [Theory]
    [InlineData("/v1.24/_ping", 400, "client version 1.24 is too old")]
    [InlineData("/v1.39/_ping", 400, "Minimum supported API version is 1.40")]
    [InlineData("/v1.51/_ping", 400, "client version 1.51 is too new")]
    [InlineData("/v99999.9/_ping", 400, "too new")]
    [InlineData("/v1.50/nothing", 404, "page not found")]
    [InlineData("/", 404, "page not found")]
    [InlineData("/services/x", 503, "not a swarm manager")]
    [InlineData("/plugins/a/b/json", 404, "plugin")]
    public async Task Refusal_AnyPath_IsJsonWithTheExactContentType(string path, int status, string message)
    {
        using RawClient client = await RawClient.ConnectAsync(listener.Socket);
        await client.SendAsync($"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n");
        (string head, string body) = await client.ReadAnswerAsync();
        Assert.StartsWith($"HTTP/1.1 {status} ", head);
        Assert.Contains("\r\nContent-Type: application/json\r\n", head);
        Assert.StartsWith("{\"message\":\"", body);
        Assert.Contains(message, body);
    }

    [Theory]
    [InlineData("/v1.40/_ping")]
    [InlineData("/v1.50/_ping")]
    [InlineData("/_ping?x=y")]
    [InlineData("http://api.moby.localhost/v1.44/_ping")]
    public async Task Get_AnyServedForm_Answers(string target)
    {
        using RawClient client = await RawClient.ConnectAsync(listener.Socket);
        await client.SendAsync($"GET {target} HTTP/1.1\r\nHost: api.moby.localhost\r\n\r\n");
        Assert.Equal("OK", (await client.ReadAnswerAsync()).Body);
    }

    [Theory]
    [InlineData("busybox", "busybox")]
    [InlineData("docker.io/library/busybox:latest", "docker.io/library/busybox:latest")]
    [InlineData("localhost:5000/a/b@sha256:00", "localhost:5000/a/b@sha256:00")]
    [InlineData("docker.io%2Flibrary%2Fx", "docker.io/library/x")]
    [InlineData("json/json", "json/json")]
    public async Task Route_ImageNameWithSlashes_IsOneVariable(string path, string name)
    {
        using RawClient client = await RawClient.ConnectAsync(listener.Socket);
        await client.SendAsync($"GET /v1.50/images/{path}/json HTTP/1.1\r\nHost: x\r\n\r\n");
        Assert.Equal(name, (await client.ReadAnswerAsync()).Body);
    }

    [Fact]
    public async Task Crash_InAHandler_GivesAnIdAndNoStack()
    {
        using RawClient client = await RawClient.ConnectAsync(listener.Socket);
        await client.SendAsync("GET /crash HTTP/1.1\r\nHost: x\r\n\r\n");
        (string head, string body) = await client.ReadAnswerAsync();
        Assert.StartsWith("HTTP/1.1 500 ", head);
        Assert.Contains("internal error ", body);
        Assert.DoesNotContain(" at ", body);
    }

    [Fact]
    public async Task Body_Chunked_IsRead()
    {
        using RawClient client = await RawClient.ConnectAsync(listener.Socket);
        await client.SendAsync("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
        Assert.Equal("abcde", (await client.ReadAnswerAsync()).Body);
    }

    [Fact]
    public async Task Head_ByteByByte_IsUnderstood()
    {
        using RawClient client = await RawClient.ConnectAsync(listener.Socket);
        foreach (char c in "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi")
        {
            await client.SendAsync(c.ToString());
        }
        Assert.Equal("hi", (await client.ReadAnswerAsync()).Body);
    }

    [Theory]
    [InlineData("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")]
    [InlineData("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n")]
    [InlineData("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n")]
    [InlineData("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n")]
    [InlineData("GARBAGE\r\n\r\n")]
    [InlineData("GET /\0 HTTP/1.1\r\n\r\n")]
    [InlineData("GET / HTTP/9.9\r\nHost: x\r\n\r\n")]
    [InlineData("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n")]
    public async Task Request_Malformed_IsRefusedAndTheDaemonLives(string request)
    {
        using RawClient client = await RawClient.ConnectAsync(listener.Socket);
        await client.SendAsync(request);
        client.HalfClose();
        string answer = await client.ReadToEndAsync();
        Assert.True(answer.Length == 0 || answer.StartsWith("HTTP/1.1 4", StringComparison.Ordinal) || answer.StartsWith("HTTP/1.1 505", StringComparison.Ordinal), answer);
        await Get_AnyServedForm_Answers("/_ping");
    }

    [Fact]
    public async Task Head_Oversized_IsRefused()
    {
        using RawClient client = await RawClient.ConnectAsync(listener.Socket);
        await client.SendAsync("GET /_ping HTTP/1.1\r\nHost: x\r\nX: " + new string('a', 100_000) + "\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 431 ", await client.ReadToEndAsync());
    }

    [Fact]
    public async Task Json_Oversized_IsRefused()
    {
        using RawClient client = await RawClient.ConnectAsync(listener.Socket);
        await client.SendAsync("POST /strict HTTP/1.1\r\nHost: x\r\nContent-Length: 5000000\r\n\r\n");
        (string head, string body) = await client.ReadAnswerAsync();
        Assert.StartsWith("HTTP/1.1 413 ", head);
        Assert.Contains("4194304", body);
    }

    [Fact]
    public async Task Upload_OnARouteForArchives_MayBeLarge()
    {
        using RawClient client = await RawClient.ConnectAsync(listener.Socket);
        const int Size = 40_000_000;
        await client.SendAsync($"POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: {Size}\r\n\r\n");
        byte[] block = new byte[1_000_000];
        for (int i = 0; i < Size / block.Length; i++)
        {
            await client.SendAsync(block);
        }
        Assert.Equal(Size.ToString(), (await client.ReadAnswerAsync()).Body);
    }

    [Fact]
    public async Task Request_ThenHalfClose_IsStillAnswered()
    {
        using RawClient client = await RawClient.ConnectAsync(listener.Socket);
        await client.SendAsync("GET /_ping HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        client.HalfClose();
        Assert.EndsWith("OK", await client.ReadToEndAsync());
    }

    [Fact]
    public async Task LongAnswer_ClientGoesAway_Ends()
    {
        using RawClient client = await RawClient.ConnectAsync(listener.Socket);
        await client.SendAsync("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 200 ", await client.ReadUntilAsync("\r\n\r\n"));
        client.HalfClose();
        Assert.Contains("{}", await client.ReadToEndAsync());
    }

    [Fact]
    public async Task Bodies_RandomBytes_NeverCrash()
    {
        var random = new Random(7);
        for (int round = 0; round < 200; round++)
        {
            byte[] noise = new byte[random.Next(0, 300)];
            random.NextBytes(noise);
            using RawClient client = await RawClient.ConnectAsync(listener.Socket);
            await client.SendAsync([.. Encoding.ASCII.GetBytes($"POST /strict HTTP/1.1\r\nHost: x\r\nContent-Length: {noise.Length}\r\n\r\n"), .. noise]);
            Assert.StartsWith("HTTP/1.1 400 ", (await client.ReadAnswerAsync()).Head);
        }
    }
}
