using System.Diagnostics;
using System.Text.Json;
using Berth.Testing;

namespace Berth.EndToEnd.Tests;

/// <summary><c>berth compose</c> on a real daemon.</summary>
public sealed class ComposeTests(DaemonFixture fixture) : BerthTest(fixture)
{
    private const string Two = """
        services:
          web:
            image: busybox
            command: sh -c 'echo web is up; exec sleep 1000'
            depends_on: {db: {condition: service_healthy}}
            stop_grace_period: 0s
          db:
            image: busybox
            command: sh -c 'sleep 0.3; touch /ready; exec sleep 1000'
            healthcheck: {test: [CMD, test, -e, /ready], interval: 100ms, timeout: 10s, retries: 100}
            volumes: ["data:/data", /anonymous]
            stop_grace_period: 0s
        volumes: {data: }
        """;

    private ComposeProject Project(string compose) => new(Daemon, compose);

    private async Task<string> Inspect(string name, string template) => (await Berth("inspect", "-f", template, name)).Expect().Text;

    [Fact]
    public async Task Up_ThenUpAgain_OnlyWhatChangedIsReplaced()
    {
        ComposeProject project = Project(Two);
        (await project.Berth("up -d")).Expect();
        Dictionary<string, string> first = await project.ContainersAsync();
        Assert.Equal([$"{project.Name}-db-1", $"{project.Name}-web-1"], first.Keys.Order());
        Assert.Equal("", (await project.Berth("up -d")).Expect().Error);
        Assert.Equal(first, await project.ContainersAsync());
        string anonymous = await Inspect($"{project.Name}-db-1", "{{range .Mounts}}{{if eq .Destination \"/anonymous\"}}{{.Name}}{{end}}{{end}}");
        project.Write(Two.Replace("touch /ready", "touch /ready /more", StringComparison.Ordinal));
        (await project.Berth("up -d")).Expect();
        Dictionary<string, string> second = await project.ContainersAsync();
        Assert.Equal(first[$"{project.Name}-web-1"], second[$"{project.Name}-web-1"]);
        Assert.NotEqual(first[$"{project.Name}-db-1"], second[$"{project.Name}-db-1"]);
        Assert.Equal(anonymous, await Inspect($"{project.Name}-db-1", "{{range .Mounts}}{{if eq .Destination \"/anonymous\"}}{{.Name}}{{end}}{{end}}"));
        await project.DownAsync();
    }

    [Fact]
    public async Task Up_ServicesWithBuild_BuildsThemOnceAndAgainWhenAsked()
    {
        ComposeProject project = Project("""
            services:
              file: {build: {context: app, args: {WORD: hello}}}
              inline: {build: {context: app, dockerfile_inline: "FROM busybox\nCOPY kept /\nCMD cat /kept"}}
            """);
        string app = Directory.CreateDirectory(Path.Combine(project.Folder, "app")).FullName;
        File.WriteAllText(Path.Combine(app, "Dockerfile"), "FROM busybox\nARG WORD\nRUN echo $WORD >/word\nCOPY . /ctx/\nCMD cat /word; ls /ctx\n");
        File.WriteAllText(Path.Combine(app, ".dockerignore"), "left-out\n.dockerignore\nDockerfile\n");
        File.WriteAllText(Path.Combine(app, "kept"), "kept\n");
        File.WriteAllText(Path.Combine(app, "left-out"), "");
        (await project.Berth("up -d")).Expect();
        (await project.Berth("wait file inline")).Expect();
        Assert.Equal("hello\nkept\n", (await project.Berth("logs --no-log-prefix file")).Expect().Output);
        Assert.Equal("kept\n", (await project.Berth("logs --no-log-prefix inline")).Expect().Output);
        string first = await Inspect($"{project.Name}-file", "{{.Id}}");
        File.WriteAllText(Path.Combine(app, "kept"), "changed\n");
        (await project.Berth("build --build-arg WORD=again file")).Expect();
        Assert.NotEqual(first, await Inspect($"{project.Name}-file", "{{.Id}}"));
        (await project.Berth("run --rm file")).Expect();
        File.WriteAllText(Path.Combine(app, "Dockerfile"), "FROM busybox\nFORM x\n");
        CommandResult wrong = await project.Berth("build file");
        Assert.NotEqual(0, wrong.ExitCode);
        Assert.Contains("Dockerfile:2", wrong.Error);
        (await project.Berth("down -v --rmi local")).Expect();
        Assert.NotEqual(0, (await Berth("image", "inspect", $"{project.Name}-file")).ExitCode);
    }

    [Fact]
    public async Task Up_Conditions_AreWaitedFor()
    {
        ComposeProject project = Project("""
            services:
              last: {image: busybox, command: cat /shared/file, volumes: ["v:/shared"], depends_on: {job: {condition: service_completed_successfully}}}
              job: {image: busybox, command: sh -c 'sleep 0.5; echo made >/shared/file', volumes: ["v:/shared"]}
              failing: {image: busybox, command: sh -c 'exit 3'}
              never: {image: busybox, command: "true", depends_on: {failing: {condition: service_completed_successfully}}}
              anyway: {image: busybox, command: "true", depends_on: {failing: {condition: service_completed_successfully, required: false}}}
            volumes: {v: }
            """);
        CommandResult up = await project.Berth("up -d");
        Assert.Equal(1, up.ExitCode);
        Assert.Contains($"container {project.Name}-failing-1 ended with 3", up.Error);
        (await project.Berth("wait last anyway")).Expect();
        Assert.Equal("last-1  | made\n", (await project.Berth("logs last")).Expect().Output);
        Assert.Equal("created", await Inspect($"{project.Name}-never-1", "{{.State.Status}}"));
        await project.DownAsync();
    }

    [Fact]
    public async Task Verbs_OnARunningProject_DoWhatTheySay()
    {
        ComposeProject project = Project(Two);
        (await project.Berth("up -d --wait")).Expect();
        Assert.Equal("web-1  | web is up\n", (await project.Berth("logs web")).Expect().Output);
        Assert.Equal("web is up\n", (await project.Berth("logs --no-log-prefix")).Expect().Output);
        Assert.Equal(5, (await project.Berth("exec", "-T", "web", "sh", "-c", "exit 5")).ExitCode);
        Assert.Equal("db\nweb\n", (await project.Berth("ps --services")).Expect().Output);
        using JsonDocument row = JsonDocument.Parse((await project.Berth("ps --format json db")).Expect().Output);
        Assert.Equal(("healthy", 0), (row.RootElement.GetProperty("Health").GetString(), row.RootElement.GetProperty("ExitCode").GetInt32()));
        CommandResult run = await project.Berth("run", "--rm", "-T", "-e", "A=1", "web", "sh", "-c", "echo $A; getent hosts db >/dev/null || nslookup db >/dev/null; exit 4");
        Assert.Equal((4, "1\n"), (run.ExitCode, run.Output));
        Assert.Equal(2, (await project.ContainersAsync()).Count);
        (await project.Berth("scale web=3")).Expect();
        Assert.Equal(3, (await project.Berth("ps -q web")).Expect().Lines.Length);
        (await project.Berth("up -d --scale web=2")).Expect();
        Assert.Equal([$"{project.Name}-web-1", $"{project.Name}-web-2"], (await project.ContainersAsync()).Keys.Where(static name => name.Contains("-web-", StringComparison.Ordinal)).Order());
        string started = await Inspect($"{project.Name}-db-1", "{{.State.StartedAt}}");
        (await project.Berth("restart db")).Expect();
        Assert.NotEqual(started, await Inspect($"{project.Name}-db-1", "{{.State.StartedAt}}"));
        (await project.Berth("stop web")).Expect();
        (await project.Berth("rm -f web")).Expect();
        Assert.Equal([$"{project.Name}-db-1"], (await project.ContainersAsync()).Keys);
        (await project.Berth("pause")).Expect();
        Assert.Equal("paused", await Inspect($"{project.Name}-db-1", "{{.State.Status}}"));
        (await project.Berth("unpause")).Expect();
        (await project.Berth("kill -s SIGKILL db")).Expect();
        (await project.Berth("start db")).Expect();
        Assert.Contains(project.Name, (await Berth("compose ls")).Expect().Output);
        Assert.Contains("\"action\":\"start\"", (await project.Berth("events --json --since 10m --until 0s")).Expect().Output);
        await project.DownAsync();
    }

    [Fact]
    public async Task Settings_ReachTheContainer()
    {
        ComposeProject project = Project("""
            services:
              s:
                image: busybox
                command: sh -c 'cat /run/secrets/file /run/secrets/text /etc/conf; stat -c "%a %u" /etc/conf; echo $$FROM_FILE$$OWN; hostname; cat /proc/sys/net/ipv4/ip_unprivileged_port_start; ulimit -n; id -u; pwd; ls -d /dev/shm/ /t /made'
                secrets: [file, text]
                configs: [{source: conf, target: /etc/conf, mode: 0400, uid: "7"}]
                env_file: vars.env
                environment: {OWN: "${INTERPOLATED:-default}"}
                hostname: named
                sysctls: {net.ipv4.ip_unprivileged_port_start: 77}
                ulimits: {nofile: 1234}
                tmpfs: /t
                working_dir: /tmp
                volumes: [./made-on-demand:/made]
                deploy: {resources: {limits: {memory: 64m, cpus: "0.5", pids: 50}}}
            secrets: {file: {file: ./secret}, text: {content: "text\n"}}
            configs: {conf: {content: "conf\n"}}
            """);
        File.WriteAllText(Path.Combine(project.Folder, "secret"), "from a file\n");
        File.WriteAllText(Path.Combine(project.Folder, "vars.env"), "FROM_FILE='a b '\n");
        (await project.Berth("up --no-log-prefix")).Expect();
        Assert.Equal(
            ["from a file", "text", "conf", "400 7", "a b default", "named", "77", "1234", "0", "/tmp", "/dev/shm/", "/made", "/t"],
            (await project.Berth("logs --no-log-prefix")).Expect().Lines);
        Assert.Equal("67108864 500000000 50", await Inspect($"{project.Name}-s-1", "{{.HostConfig.Memory}} {{.HostConfig.NanoCpus}} {{.HostConfig.PidsLimit}}"));
        await project.DownAsync();
    }

    [Fact]
    public async Task Networks_AliasesStaticAddressesAndSharedNamespaces()
    {
        ComposeProject project = Project("""
            services:
              server: {image: busybox, command: sleep 1000, stop_grace_period: 0s, networks: {back: {aliases: [other-name], ipv4_address: 10.213.77.9}}}
              client:
                image: busybox
                command: sh -c 'ping -c1 -w20 other-name >/dev/null && ping -c1 -w20 server | head -1'
                networks: [back]
                depends_on: [server]
              beside: {image: busybox, command: "sh -c 'ip -4 addr show eth0 | grep -o 10.213.77.9'", network_mode: "service:server"}
            networks: {back: {internal: true, ipam: {config: [{subnet: 10.213.77.0/24}]}}}
            """);
        (await project.Berth("up -d")).Expect();
        (await project.Berth("wait client beside")).Expect();
        Assert.Contains("10.213.77.9", (await project.Berth("logs client")).Expect().Output);
        Assert.Contains("10.213.77.9", (await project.Berth("logs beside")).Expect().Output);
        (await project.Berth("up -d --force-recreate server")).Expect();
        await project.DownAsync();
    }

    [Fact]
    public async Task Up_Attached_PrintsAndEndsWithTheCodeAskedFor()
    {
        ComposeProject project = Project("""
            services:
              tests: {image: busybox, command: sh -c 'echo testing; exit 9', depends_on: [helper]}
              helper: {image: busybox, command: sh -c 'echo helping; exec sleep 1000', stop_grace_period: 0s}
            """);
        CommandResult up = await project.Berth("up --exit-code-from tests");
        Assert.Equal(9, up.ExitCode);
        Assert.Contains("tests-1   | testing\n", up.Output);
        Assert.Contains("helper-1  | helping\n", up.Output);
        Assert.Contains("tests-1 exited with code 9", up.Output);
        Assert.Equal("exited", await Inspect($"{project.Name}-helper-1", "{{.State.Status}}"));
        await project.DownAsync();
    }

    [Fact]
    public async Task Up_Interrupted_StopsInOrder()
    {
        ComposeProject project = Project("""
            services:
              a: &a
                image: busybox
                command: sh -c 'trap "echo ended; exit 0" TERM; echo ready; while true; do sleep 0.1; done'
                depends_on: [b]
              b: {<<: *a, depends_on: []}
            """);
        using Process up = Command.Start(Repository.Program("berth"), project.Words("up"), Daemon.Environment);
        Task<string> errors = up.StandardError.ReadToEndAsync(Cancellation);
        List<string> lines = [];
        while (lines.Count(static line => line.EndsWith("ready", StringComparison.Ordinal)) < 2)
            lines.Add(await up.StandardOutput.ReadLineAsync(Cancellation) ?? throw new InvalidOperationException($"ended early: {string.Join('\n', lines)} {await errors}"));
        (await Command.RunAsync("kill", ["-INT", up.Id.ToString()], cancellationToken: Cancellation)).Expect();
        string rest = await up.StandardOutput.ReadToEndAsync(Cancellation);
        await up.WaitForExitAsync(Cancellation);
        Assert.Equal(130, up.ExitCode);
        Assert.True(rest.IndexOf("a-1  | ended", StringComparison.Ordinal) < rest.IndexOf("b-1  | ended", StringComparison.Ordinal), rest);
        Assert.Contains("b-1  | ended", rest);
        await project.DownAsync();
    }

    [Fact]
    public async Task Logs_OnATerminal_AreColoured()
    {
        ComposeProject project = Project("services: {a: {image: busybox, command: echo one}, longer: {image: busybox, command: echo two}}");
        (await project.Berth("up")).Expect();
        Dictionary<string, string?> environment = new(Daemon.Environment) { ["TERM"] = "xterm", ["NO_COLOR"] = null };
        string words = string.Join(' ', project.Words("logs"));
        CommandResult logs = await Command.RunAsync("script", ["-qec", $"{Repository.Program("berth")} {words}", "/dev/null"], environment, cancellationToken: Cancellation);
        Assert.Contains("\e[36ma-1       | \e[0mone", logs.Output);
        Assert.Contains("\e[33mlonger-1  | \e[0mtwo", logs.Output);
        await project.DownAsync();
    }

    [Fact]
    public async Task Wrong_IsExplainedBeforeAnythingIsDone()
    {
        ComposeProject project = Project("services:\n  s:\n    image: busybox\n    comand: x\n");
        CommandResult up = await project.Berth("up -d");
        Assert.Equal(1, up.ExitCode);
        Assert.Contains("compose.yaml:4:5: unknown attribute \"comand\" of services.s; did you mean \"command\"?", up.Error);
        Assert.Empty(await project.ContainersAsync());
        CommandResult verb = await project.Berth("upp");
        Assert.Equal(125, verb.ExitCode);
        Assert.Contains("berth compose up", verb.Error);
        Assert.Contains("Examples:", (await project.Berth("up --help")).Expect().Output);
        project.Write("services: {web: {image: busybox}, work: {image: busybox}}");
        Assert.Equal(["web", "work"], (await Daemon.BerthAsync(["__complete", "--", .. project.Words("logs", "w")], cancellationToken: Cancellation)).Expect().Lines);
    }

    [Fact]
    public async Task Orphans_AreNamedAndRemovedWhenAsked()
    {
        ComposeProject project = Project("services: {a: {image: busybox, command: sleep 1000, stop_grace_period: 0s}, b: {image: busybox, command: sleep 1000, stop_grace_period: 0s}}");
        (await project.Berth("up -d")).Expect();
        project.Write("services: {a: {image: busybox, command: sleep 1000, stop_grace_period: 0s}}");
        Assert.Contains($"{project.Name}-b-1", (await project.Berth("up -d")).Expect().Error);
        (await project.Berth("up -d --remove-orphans")).Expect();
        Assert.Equal([$"{project.Name}-a-1"], (await project.ContainersAsync()).Keys);
        await project.DownAsync();
    }
}
