using System.Text.Json;
using Berth.Testing;

namespace Berth.EndToEnd.Tests;

/// <summary>From create to remove: the verbs that change or show a container's state.</summary>
public sealed class LifecycleTests(DaemonFixture fixture) : DockerTest(fixture)
{
    [Fact]
    public async Task Tour_OfADetachedServer_Works()
    {
        string web = NewName();
        (await Docker($"run -d --name {web} --restart on-failure:3 busybox httpd -f")).Expect();
        Assert.Equal("running", await Inspect(web, "{{.State.Status}}"));
        Assert.Contains("httpd", (await Docker($"exec {web} ps")).Expect().Output);
        (await Docker($"stop -t 1 {web}")).Expect();
        Assert.Equal("exited 0 false", await Inspect(web, "{{.State.Status}} {{.State.Pid}} {{.State.Running}}"));
        (await Docker($"rm {web}")).Expect();
        Assert.NotEqual(0, (await Docker($"inspect {web}")).ExitCode);
    }

    [Fact]
    public async Task CreateStartWait_ReportTheExitCode()
    {
        string name = NewName();
        (await Docker("create", "--name", name, "busybox", "sh", "-c", "exit 5")).Expect();
        Assert.Equal("created", await Inspect(name, "{{.State.Status}}"));
        (await Docker("start", name)).Expect();
        Assert.Equal("5", (await Docker("wait", name)).Expect().Text);
        Assert.Equal("exited 5", await Inspect(name, "{{.State.Status}} {{.State.ExitCode}}"));
        (await Docker("start", "-a", name)).Expect(5);
        (await Docker("rm", name)).Expect();
    }

    [Fact]
    public async Task Stop_SignalHandled_ExitsAsTheProcessDecides()
    {
        string name = NewName();
        (await Docker("run", "-d", "--name", name, "busybox", "sh", "-c", "trap 'exit 42' TERM; echo ready; while :; do sleep 0.1; done")).Expect();
        await WaitForLogAsync(name, "ready");
        (await Docker("stop", name)).Expect();
        Assert.Equal("42", await Inspect(name, "{{.State.ExitCode}}"));
        (await Docker("rm", name)).Expect();
    }

    [Fact]
    public async Task Stop_SignalIgnored_KillsAfterTheTimeout()
    {
        string name = NewName();
        (await Docker("run", "-d", "--name", name, "busybox", "sh", "-c", "trap '' TERM; while :; do sleep 1; done")).Expect();
        (await Docker("stop", "-t", "1", name)).Expect();
        Assert.Equal("137", await Inspect(name, "{{.State.ExitCode}}"));
        (await Docker("rm", name)).Expect();
    }

    [Fact]
    public async Task Kill_WithSignal_ReachesTheProcess()
    {
        string name = NewName();
        (await Docker("run", "-d", "--name", name, "busybox", "sh", "-c", "trap 'echo got usr1' USR1; echo ready; while :; do sleep 0.1; done")).Expect();
        await WaitForLogAsync(name, "ready");
        (await Docker("kill", "-s", "USR1", name)).Expect();
        await WaitForLogAsync(name, "got usr1");
        (await Docker("kill", name)).Expect();
        await WaitForAsync(name, "{{.State.Status}} {{.State.ExitCode}}", "exited 137");
        Assert.NotEqual(0, (await Docker("kill", name)).ExitCode);
        (await Docker("rm", name)).Expect();
    }

    [Fact]
    public async Task PauseUnpause_StopTheProcessAndGoOn()
    {
        string name = NewName();
        (await Docker($"run -d --name {name} busybox sleep 1000")).Expect();
        (await Docker($"pause {name}")).Expect();
        Assert.Equal("paused true", await Inspect(name, "{{.State.Status}} {{.State.Paused}}"));
        Assert.Contains("(Paused)", (await Docker($"ps --filter name={name}")).Output);
        Assert.NotEqual(0, (await Docker($"exec {name} true")).ExitCode);
        (await Docker($"unpause {name}")).Expect();
        (await Docker($"exec {name} true")).Expect();
        (await Docker($"rm -f {name}")).Expect();
    }

    [Fact]
    public async Task RestartRename_KeepTheContainer()
    {
        string name = NewName(), renamed = NewName();
        string id = (await Docker($"run -d --name {name} busybox sleep 1000")).Expect().Text;
        string pid = await Inspect(name, "{{.State.Pid}}");
        (await Docker($"restart -t 0 {name}")).Expect();
        Assert.NotEqual(pid, await Inspect(name, "{{.State.Pid}}"));
        (await Docker($"rename {name} {renamed}")).Expect();
        Assert.Equal($"/{renamed} {id}", await Inspect(renamed, "{{.Name}} {{.Id}}"));
        (await Docker($"rm -f {renamed}")).Expect();
    }

    [Fact]
    public async Task Names_TakenOrInvalid_AreRefused()
    {
        string name = NewName();
        (await Docker($"create --name {name} busybox")).Expect();
        CommandResult taken = await Docker($"create --name {name} busybox");
        Assert.Contains("already in use", taken.Expect(1).Error);
        Assert.Contains("Invalid container name", (await Docker("create --name -x? busybox")).Error, StringComparison.OrdinalIgnoreCase);
        (await Docker($"rm {name}")).Expect();
    }

    [Fact]
    public async Task Remove_Running_NeedsForce()
    {
        string name = NewName();
        (await Docker($"run -d --name {name} busybox sleep 1000")).Expect();
        Assert.Contains("running", (await Docker($"rm {name}")).Expect(1).Error);
        (await Docker($"rm -f {name}")).Expect();
    }

    [Fact]
    public async Task RestartPolicy_OnFailure_TriesAsOftenAsAsked()
    {
        string name = NewName();
        (await Docker("run", "-d", "--name", name, "--restart", "on-failure:2", "busybox", "sh", "-c", "echo run; exit 1")).Expect();
        await WaitForAsync(name, "{{.RestartCount}} {{.State.Status}}", "2 exited");
        Assert.Equal(3, (await Docker($"logs {name}")).Expect().Lines.Length);
        (await Docker($"rm {name}")).Expect();
    }

    [Fact]
    public async Task RestartPolicy_Always_EndsWithStop()
    {
        string name = NewName();
        (await Docker("run", "-d", "--name", name, "--restart", "always", "busybox", "sh", "-c", "exit 0")).Expect();
        await WaitForAsync(name, "{{gt .RestartCount 1}}", "true");
        (await Docker($"stop {name}")).Expect();
        Assert.Equal("exited", await Inspect(name, "{{.State.Status}}"));
        (await Docker($"rm {name}")).Expect();
    }

    [Fact]
    public async Task Health_CommandFailsThenSucceeds_IsReported()
    {
        string name = NewName();
        (await Docker("run", "-d", "--name", name, "--health-cmd", "test -e /ok", "--health-interval", "200ms", "--health-retries", "2",
            "busybox", "sleep", "1000")).Expect();
        Assert.Equal("starting", await Inspect(name, "{{.State.Health.Status}}"));
        await WaitForAsync(name, "{{.State.Health.Status}}", "unhealthy");
        (await Docker($"exec {name} touch /ok")).Expect();
        await WaitForAsync(name, "{{.State.Health.Status}}", "healthy");
        Assert.Contains("(healthy)", (await Docker($"ps --filter name={name}")).Output);
        Assert.Contains(name, (await Docker("ps --filter health=healthy --format {{.Names}}")).Output);
        (await Docker($"rm -f {name}")).Expect();
    }

    [Fact]
    public async Task Ps_FiltersAndFormats_SelectAndShow()
    {
        string a = NewName(), b = NewName();
        (await Docker($"run -d --name {a} --label color=red --label test={a} busybox sleep 1000")).Expect();
        (await Docker($"run --name {b} --label color=blue --label test={a} busybox true")).Expect();
        async Task<string> Names(string options) =>
            string.Join(' ', (await Docker($"ps {options} --filter label=test={a} --format {{{{.Names}}}}")).Expect().Lines.Order());
        Assert.Equal(a, await Names(""));
        Assert.Equal(string.Join(' ', new[] { a, b }.Order()), await Names("-a"));
        Assert.Equal(b, await Names("-a --filter status=exited"));
        Assert.Equal(b, await Names("-a --filter exited=0"));
        Assert.Equal(a, await Names("-a --filter label=color=red"));
        Assert.Equal(b, await Names($"-a --filter name={b}"));
        Assert.Equal(b, await Names($"-a --filter since={a}"));
        Assert.Equal(a, await Names($"-a --filter before={b}"));
        Assert.Equal(b, await Names("-l"));
        Assert.Contains(a, await Names("--filter ancestor=busybox"));
        string json = (await Docker("ps", "-a", "--filter", $"name={b}", "--format", "json")).Expect().Text;
        Assert.StartsWith("Exited (0)", JsonDocument.Parse(json).RootElement.GetProperty("Status").GetString());
        (await Docker($"rm -f {a} {b}")).Expect();
    }

    [Fact]
    public async Task Prune_RemovesStoppedContainersOnly()
    {
        string label = NewName();
        string running = (await Docker($"run -d --label {label} busybox sleep 1000")).Expect().Text;
        string stopped = (await Docker($"create --label {label} busybox")).Expect().Text;
        CommandResult pruned = (await Docker($"container prune -f --filter label={label}")).Expect();
        Assert.Contains(stopped, pruned.Output);
        Assert.DoesNotContain(running, pruned.Output);
        (await Docker($"rm -f {running}")).Expect();
    }

    [Fact]
    public async Task Events_TellTheLifeOfAContainer()
    {
        string name = NewName();
        string since = DateTimeOffset.UtcNow.AddSeconds(-1).ToUnixTimeSeconds().ToString();
        (await Docker($"run --name {name} busybox true")).Expect();
        (await Docker($"rm {name}")).Expect();
        string until = DateTimeOffset.UtcNow.AddSeconds(1).ToUnixTimeSeconds().ToString();
        CommandResult events = await Docker("events", "--since", since, "--until", until, "--filter", $"container={name}", "--format", "{{.Action}}");
        Assert.Equal(["create", "attach", "start", "die", "destroy"], events.Expect().Lines);
    }

    [Fact]
    public async Task TopStats_ShowTheProcessAndItsUse()
    {
        string name = NewName();
        (await Docker($"run -d --name {name} -m 64m busybox sleep 1000")).Expect();
        Assert.Contains("sleep 1000", (await Docker($"top {name}")).Expect().Output);
        Assert.Contains("sleep", (await Docker($"top {name} -o pid,comm")).Expect().Output);
        string stats = (await Docker("stats", "--no-stream", "--format", "{{.Name}} {{.MemUsage}} {{.PIDs}}", name)).Expect().Text;
        Assert.StartsWith(name, stats);
        Assert.Contains("64MiB", stats);
        Assert.EndsWith(" 1", stats);
        (await Docker($"rm -f {name}")).Expect();
    }

    private async Task WaitForLogAsync(string name, string text)
    {
        for (long until = Environment.TickCount64 + 30_000; Environment.TickCount64 < until; await Task.Delay(30, Cancellation))
            if ((await Docker("logs", name)).Output.Contains(text, StringComparison.Ordinal))
                return;
        Assert.Fail($"'{text}' never appeared in the log of {name}");
    }
}
