using System.Net;
using System.Text;
using System.Text.Json;

namespace Berth.EndToEnd.Tests;

/// <summary>Calls that no honest client makes, against a whole daemon: an answer comes, it is no internal error, and the daemon goes on.</summary>
public sealed class HostileCallsTests(DaemonFixture fixture) : DockerTest(fixture)
{
    [Theory]
    [InlineData("\"HostConfig\":{\"Binds\":[null]}")]
    [InlineData("\"HostConfig\":{\"Binds\":[\"/tmp:/proc\"]}")]
    [InlineData("\"HostConfig\":{\"Binds\":[\"../x:/y\"]}")]
    [InlineData("\"HostConfig\":{\"Binds\":[\"/tmp:/\"]}")]
    [InlineData("\"HostConfig\":{\"Memory\":9223372036854775807}")]
    [InlineData("\"HostConfig\":{\"PidsLimit\":9223372036854775807}")]
    [InlineData("\"HostConfig\":{\"ExtraHosts\":[\"a\\n6.6.6.6 b:1.1.1.1\"]}")]
    [InlineData("\"HostConfig\":{\"DnsSearch\":[\"a\\nnameserver 6.6.6.6\"]}")]
    [InlineData("\"HostConfig\":{\"Tmpfs\":{\"/t\":\"size=1\\nuid=0\"}}")]
    [InlineData("\"HostConfig\":{\"CgroupParent\":\"/a\\nb\"}")]
    [InlineData("\"HostConfig\":{\"Sysctls\":{\"../../x\":\"1\"}}")]
    [InlineData("\"Hostname\":\"a\\nb\"")]
    [InlineData("\"Env\":[\"A=\\u0000b\"]")]
    [InlineData("\"Env\":[\"A=\\ud800\"]")]
    [InlineData("\"Labels\":{\"\\udc00\":\"x\"}")]
    [InlineData("\"WorkingDir\":\"/a\\u0000b\"")]
    [InlineData("\"StopTimeout\":1e400")]
    [InlineData("\"Cmd\":[\"twice\"]")]
    public async Task Create_HostileField_Is400(string field)
    {
        using HttpClient http = Daemon.CreateHttpClient();
        using HttpResponseMessage answer = await PostAsync(http, "/containers/create", $"{{\"Image\":\"busybox\",\"Cmd\":[\"true\"],{field}}}");
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.NotEqual("", JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Cancellation)).RootElement.GetProperty("message").GetString());
    }

    [Fact]
    public async Task Update_MemoryBeyondAnyMachine_Is400()
    {
        string name = NewName();
        (await Docker("create", "--name", name, "busybox", "true")).Expect();
        using HttpClient http = Daemon.CreateHttpClient();
        using HttpResponseMessage answer = await PostAsync(http, $"/containers/{name}/update", "{\"Memory\":9223372036854775807}");
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    [Fact]
    public async Task Streams_OfAContainerThatIsRemoved_End()
    {
        foreach (string verb in (string[])["create", "run -d"])
        {
            string name = NewName();
            (await Docker($"{verb} --name {name} busybox sleep 1000")).Expect();
            using HttpClient http = Daemon.CreateHttpClient();
            Task<HttpResponseMessage>[] streams =
            [
                http.PostAsync($"/containers/{name}/attach?stream=1&stdout=1&stderr=1", null, Cancellation),
                http.GetAsync($"/containers/{name}/logs?stdout=1&follow=1", Cancellation),
                http.GetAsync($"/containers/{name}/stats", Cancellation),
                http.PostAsync($"/containers/{name}/wait?condition=next-exit", null, Cancellation),
                http.PostAsync($"/containers/{name}/wait?condition=removed", null, Cancellation),
            ];
            await Task.Delay(500, Cancellation);
            (await Docker("rm", "-f", name)).Expect();
            foreach (Task<HttpResponseMessage> stream in streams)
            {
                try
                {
                    (await stream.WaitAsync(TimeSpan.FromSeconds(60), Cancellation)).Dispose();
                }
                catch (HttpRequestException)
                {
                    // Cut off: an end as well.
                }
            }
        }
    }

    [Fact]
    public async Task EverythingAtOnce_OnTheSameContainer_IsNeverAnInternalError()
    {
        using HttpClient http = Daemon.CreateHttpClient();
        for (int round = 0; round < 5; round++)
        {
            string name = NewName();
            string id = (await Docker($"create --name {name} busybox sleep 1000")).Expect().Text;
            string[] posts = ["start", "start", "kill", "kill", "restart?t=0", "pause", "unpause", "stop?t=0", $"rename?name={NewName()}", "wait"];
            List<Task<HttpResponseMessage>> calls = [.. posts.Select(p => http.PostAsync($"/containers/{id}/{p}", null, Cancellation))];
            calls.Add(http.GetAsync($"/containers/{id}/stats?stream=0", Cancellation));
            calls.Add(http.GetAsync($"/containers/{id}/top", Cancellation));
            calls.Add(http.PostAsync($"/commit?container={id}&repo=raced", null, Cancellation));
            Task<HttpResponseMessage> removal = http.DeleteAsync($"/containers/{id}?force=1", Cancellation);
            calls.Add(removal);
            foreach (Task<HttpResponseMessage> call in calls)
            {
                using HttpResponseMessage answer = await call.WaitAsync(TimeSpan.FromSeconds(90), Cancellation);
                string said = $"{answer.RequestMessage?.RequestUri}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync(Cancellation)}";
                Assert.True((int)answer.StatusCode < 500, said);
                Assert.True(call != removal || answer.StatusCode == HttpStatusCode.NoContent, said); // no call that came in between keeps it
            }
            Assert.Equal(1, (await Docker("inspect", id)).ExitCode);
            await Docker("run", "--rm", "--name", name, "busybox", "true"); // the old name is free
        }
    }

    [Fact]
    public async Task Remove_AfterAWorkloadThatResists_LeavesNothing()
    {
        string name = NewName();
        const string Script = "mkdir \"$(printf 'd\\377')\"; : > \"$(printf 'd\\377/\\376')\"; i=0; while [ $i -lt 600 ]; do mkdir d && cd d || break; i=$((i+1)); done";
        (await Docker("run", "--name", name, "busybox", "sh", "-c", Script)).Expect();
        (await Docker("ps", "-as")).Expect();
        string id = (await Inspect(name, "{{.Id}}"));
        (await Docker("rm", name)).Expect();
        Assert.False(Directory.Exists(Path.Combine(Daemon.DataRoot, "containers", id)));
    }

    private static async Task<HttpResponseMessage> PostAsync(HttpClient http, string path, string json)
    {
        using var body = new StringContent(json, Encoding.UTF8, "application/json");
        return await http.PostAsync(path, body, Cancellation);
    }
}
