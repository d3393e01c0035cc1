using System.Net.Sockets;
using System.Text;
using Berth.Containers.Supervision;

namespace Berth.Supervisor.Tests;

public sealed class ProtocolTests
{
    [Fact]
    public async Task Socket_HostileInput_SupervisorAnswersOrClosesAndLivesOn()
    {
        await using SupervisorFixture fixture = await SupervisorFixture.StartAsync();
        string[] lines =
        [
            "", "\n", "null\n", "[]\n", "{}\n", "{\"op\":7}\n", "{\"op\":\"nothing\"}\n", "{\"op\":\"Start\"}\n", "{\"op\":\"Start\",\"start\":{}}\n",
            "{\"op\":\"Start\",\"start\":{\"id\":\"../x\",\"spec\":{},\"rootfs\":{}}}\n", "{\"op\":\"Start\",\"start\":{\"id\":\"x\",\"spec\":null,\"rootfs\":null}}\n",
            "{\"op\":\"Exec\",\"exec\":{\"containerId\":null,\"execId\":null,\"process\":null}}\n", "{\"op\":\"Signal\",\"id\":\"x\",\"signal\":9}\n",
            "{\"op\":\"Resize\",\"id\":\"x\",\"size\":{\"rows\":-1,\"columns\":1}}\n", "{\"op\":\"Attach\",\"attach\":{\"id\":null}}\n", "{\"op\":\"Attach\",\"attach\":{\"id\":\"../../x\"}}\n",
            "{\"op\":\"Forget\",\"id\":\"..\"}\n", "{\"op\":\"Return\",\"id\":\"x\"}\n", new string('[', 100_000) + "\n", "\0\xff\xfe\n",
        ];
        foreach (string line in lines)
            await SendAsync(fixture, Encoding.Latin1.GetBytes(line));
        Random random = new(3);
        for (int i = 0; i < 100; i++)
        {
            byte[] noise = new byte[random.Next(2000)];
            random.NextBytes(noise);
            await SendAsync(fixture, [.. noise, (byte)'\n']);
        }
        Assert.Equal(0, (await fixture.Client.PingAsync(TestContext.Current.CancellationToken)).Running);
        Assert.Empty(Directory.EnumerateDirectories(fixture.Paths.Containers));
    }

    [Fact]
    public async Task Socket_EndlessLine_IsRefused()
    {
        await using SupervisorFixture fixture = await SupervisorFixture.StartAsync();
        string answer = await SendAsync(fixture, new byte[SupervisorRequest.MaxBytes + 100]);
        Assert.Contains("longer than the allowed", answer, StringComparison.Ordinal);
    }

    private static async Task<string> SendAsync(SupervisorFixture fixture, byte[] bytes)
    {
        using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(fixture.Paths.Socket), TestContext.Current.CancellationToken);
        try
        {
            int sent = 0;
            while (sent < bytes.Length)
                sent += await socket.SendAsync(bytes.AsMemory(sent), SocketFlags.None, TestContext.Current.CancellationToken);
            socket.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException)
        {
            // refused before all was sent
        }
        StringBuilder answer = new();
        byte[] buffer = new byte[4096];
        try
        {
            while (await socket.ReceiveAsync(buffer, TestContext.Current.CancellationToken) is var count and > 0)
                answer.Append(Encoding.UTF8.GetString(buffer, 0, count));
        }
        catch (SocketException)
        {
            // closed with input unread: what was answered before is there
        }
        return answer.ToString();
    }
}
