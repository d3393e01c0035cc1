namespace Berth.EndToEnd.Tests;

/// <summary>Debian's docker-compose on Berth's API, and both programs on one project.</summary>
public sealed class DockerComposeTests(DaemonFixture fixture) : BerthTest(fixture)
{
    private const string Compose = """
        version: "3.7"
        services:
          web:
            image: busybox
            command: sh -c 'echo web is up; exec sleep 1000'
            depends_on: [db]
            links: ["db:database"]
            stop_grace_period: 0s
          db:
            image: busybox
            command: sh -c 'echo db is up; exec sleep 1000'
            healthcheck: {test: [CMD, "true"], interval: 1s}
            volumes: ["data:/data"]
            environment: {A: "1"}
            stop_grace_period: 0s
        volumes: {data: {}}
        """;

    [Fact]
    public async Task DockerCompose_EveryCommonCommand_Works()
    {
        ComposeProject project = new(Daemon, Compose);
        (await project.DockerCompose("up -d")).Expect();
        Assert.Contains("Up", (await project.DockerCompose("ps")).Expect().Output);
        string logs = (await project.DockerCompose("logs --no-color")).Expect().Output;
        Assert.Contains("web is up", logs);
        Assert.Contains("db is up", logs);
        Assert.Equal("1\n", (await project.DockerCompose("exec", "-T", "db", "sh", "-c", "echo $A")).Expect().Output);
        Assert.Equal(6, (await project.DockerCompose("exec", "-T", "web", "sh", "-c", "exit 6")).ExitCode);
        (await project.DockerCompose("exec", "-T", "web", "ping", "-c1", "-w20", "database")).Expect();
        Assert.Contains("ran", (await project.DockerCompose("run", "--rm", "-T", "web", "echo", "ran")).Expect().Output);
        (await project.DockerCompose("up -d --scale web=2")).Expect();
        (await project.DockerCompose("restart -t 0 db")).Expect();
        (await project.DockerCompose("pause db")).Expect();
        (await project.DockerCompose("unpause db")).Expect();
        (await project.DockerCompose("top")).Expect();
        (await project.DockerCompose("stop -t 0")).Expect();
        (await project.DockerCompose("start")).Expect();
        Assert.Contains("is up-to-date", (await project.DockerCompose("up -d")).Expect().Error);
        (await project.DockerCompose("down -v -t 0")).Expect();
        Assert.Empty(await project.ContainersAsync());
        await project.DownAsync();
    }

    [Fact]
    public async Task BothPrograms_SeeOneProject()
    {
        ComposeProject project = new(Daemon, Compose);
        (await project.DockerCompose("up -d")).Expect();
        Assert.Equal("db\nweb\n", (await project.Berth("ps --services")).Expect().Output);
        Assert.Contains("web is up", (await project.Berth("logs")).Expect().Output);
        // Each computes its own digests: what the other made is out of date, and is replaced in order.
        (await project.Berth("up -d")).Expect();
        Assert.Equal([$"{project.Name}-db-1", $"{project.Name}-web-1"], (await project.ContainersAsync()).Keys.Order());
        Assert.Contains($"{project.Name}-web-1", (await project.DockerCompose("ps")).Expect().Output);
        (await project.DockerCompose("down -v -t 0")).Expect();
        await project.DownAsync();
    }
}
