using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using Berth.Containers.Cgroups;
using Berth.Containers.Lifecycle;
using Berth.Testing;

namespace Berth.Oci.Tests;

public sealed class LifecycleTests
{
    private const int Patience = 120_000;

    [Fact(Timeout = Patience)]
    public async Task Create_Start_Kill_Delete_GoThroughTheStates()
    {
        await using OciRuntime runtime = new();
        runtime.Configure("touch /ran; trap 'exit 0' TERM; while :; do sleep 0.1; done");
        (await runtime.DetachAsync("create", "--bundle", runtime.Bundle, "--pid-file", runtime.Combine("pid"), "--no-pivot", "c")).Expect();
        JsonElement state = await runtime.StateAsync("c");
        Assert.Equal(("created", runtime.Bundle), (state.GetProperty("status").GetString(), state.GetProperty("bundle").GetString()));
        Assert.Equal(File.ReadAllText(runtime.Combine("pid")), $"{state.GetProperty("pid").GetInt32()}");
        Assert.False(File.Exists(Path.Combine(runtime.Rootfs, "ran")));
        (await runtime.RunAsync("start", "c")).Expect();
        Assert.Equal("running", await runtime.StatusAsync("c"));
        Assert.Contains("only a created one", (await runtime.RunAsync("start", "c")).Error, StringComparison.Ordinal);
        while (!File.Exists(Path.Combine(runtime.Rootfs, "ran"))) await Task.Delay(50, OciRuntime.Token);
        Assert.Contains("is running", (await runtime.RunAsync("delete", "c")).Error, StringComparison.Ordinal);
        (await runtime.RunAsync("kill", "c", "TERM")).Expect();
        await runtime.UntilAsync("c", "stopped");
        Assert.Equal(1, (await runtime.RunAsync("kill", "c", "KILL")).ExitCode);
        (await runtime.RunAsync("delete", "c")).Expect();
        Assert.Contains("does not exist", (await runtime.RunAsync("state", "c")).Error, StringComparison.Ordinal);
    }

    [Fact(Timeout = Patience)]
    public async Task Run_ExitCodeAndStreams_AreTheProcesss()
    {
        await using OciRuntime runtime = new();
        runtime.Configure("echo out; echo err >&2; cat /proc/sys/kernel/hostname; exit 7");
        CommandResult result = await runtime.RunAsync("run", "-b", runtime.Bundle, "c");
        Assert.Equal((7, "out\noci\n", "err\n"), (result.ExitCode, result.Output, result.Error));
        Assert.Empty(Directory.GetDirectories(runtime.State));
    }

    [Fact(Timeout = Patience)]
    public async Task Exec_Pause_Ps_List_ShowTheRunningContainer()
    {
        await using OciRuntime runtime = new();
        runtime.Configure("while :; do sleep 1; done");
        (await runtime.DetachAsync("run", "-d", "-b", runtime.Bundle, "c")).Expect();
        CommandResult exec = await runtime.RunAsync("exec", "-e", "A=1", "-u", "5:6", "c", "sh", "-c", "echo $A; id -u; id -g; exit 9");
        Assert.Equal((9, "1\n5\n6\n"), (exec.ExitCode, exec.Output));
        Assert.Equal(127, (await runtime.RunAsync("exec", "c", "nosuch")).ExitCode);
        File.WriteAllText(runtime.Combine("process"), """{ "args": ["sleep", "1000"], "cwd": "/", "env": ["PATH=/bin"], "user": { "uid": 0, "gid": 0 } }""");
        (await runtime.DetachAsync("exec", "-d", "--process", runtime.Combine("process"), "--pid-file", runtime.Combine("pid"), "c")).Expect();
        int[] pids = [.. JsonDocument.Parse((await runtime.RunAsync("ps", "-f", "json", "c")).Expect().Output).RootElement.EnumerateArray().Select(static p => p.GetInt32())];
        Assert.Contains(int.Parse(File.ReadAllText(runtime.Combine("pid"))), pids);
        (await runtime.RunAsync("pause", "c")).Expect();
        Assert.Equal("paused", await runtime.StatusAsync("c"));
        (await runtime.RunAsync("resume", "c")).Expect();
        Assert.Equal("c", (await runtime.RunAsync("list", "-q")).Expect().Text);
        Assert.Contains("running", (await runtime.RunAsync("list")).Expect().Output, StringComparison.Ordinal);
        (await runtime.RunAsync("delete", "--force", "c")).Expect();
        Assert.Empty(Directory.GetDirectories(runtime.State));
    }

    [Fact(Timeout = Patience)]
    public async Task Create_CannotStart_LeavesNothing()
    {
        await using OciRuntime runtime = new();
        runtime.Configure("", config => config["process"]!["args"] = new JsonArray("nosuch"));
        CommandResult result = await runtime.RunAsync("--log", runtime.Combine("log"), "--log-format", "json", "create", "-b", runtime.Bundle, "c");
        Assert.Equal(127, result.ExitCode);
        Assert.Contains("executable file not found", JsonDocument.Parse(File.ReadAllText(runtime.Combine("log"))).RootElement.GetProperty("msg").GetString(), StringComparison.Ordinal);
        Assert.Empty(Directory.GetDirectories(runtime.State));
        string cgroup = JsonNode.Parse(File.ReadAllText(Path.Combine(runtime.Bundle, "config.json")))!["linux"]!["cgroupsPath"]!.GetValue<string>();
        Assert.False(CgroupHierarchy.Detect().Exists(cgroup));
    }

    [Fact(Timeout = Patience)]
    public async Task Delete_AfterACreateThatWasKilled_EndsWhatItLeft()
    {
        await using OciRuntime runtime = new();
        runtime.Configure("sleep 1000");
        (await runtime.DetachAsync("create", "-b", runtime.Bundle, "c")).Expect();
        int pid = (await runtime.StateAsync("c")).GetProperty("pid").GetInt32();
        ulong started = ProcessTimes.StartTicks(pid);
        // As the record is until the process is there.
        string file = Path.Combine(runtime.State, "c/state.json");
        JsonObject record = JsonNode.Parse(File.ReadAllText(file))!.AsObject();
        (record["pid"], record["startTicks"]) = (0, 0);
        File.WriteAllText(file, record.ToJsonString());
        Assert.Equal("creating", await runtime.StatusAsync("c"));
        (await runtime.RunAsync("delete", "--force", "c")).Expect();
        while (ProcessTimes.IsAlive(pid, started)) await Task.Delay(50, OciRuntime.Token);
        Assert.Empty(Directory.GetDirectories(runtime.State));
    }

    [Fact(Timeout = Patience)]
    public async Task Create_TakenOrHostileId_IsRefused()
    {
        await using OciRuntime runtime = new();
        runtime.Configure("sleep 1000");
        (await runtime.DetachAsync("create", "-b", runtime.Bundle, "c")).Expect();
        Assert.Contains("exists already", (await runtime.DetachAsync("create", "-b", runtime.Bundle, "c")).Error, StringComparison.Ordinal);
        foreach (string id in (string[])["..", "a/b", "", "a b"]) Assert.Equal(1, (await runtime.DetachAsync("create", "-b", runtime.Bundle, id)).ExitCode);
        Assert.Equal("created", await runtime.StatusAsync("c"));
    }

    [Fact(Timeout = Patience)]
    public async Task Create_LimitsAndUpdate_ReachTheCgroup()
    {
        await using OciRuntime runtime = new();
        runtime.Configure("sleep 1000", config => config["linux"]!["resources"]!["pids"] = new JsonObject { ["limit"] = 20 });
        (await runtime.DetachAsync("create", "-b", runtime.Bundle, "c")).Expect();
        int pid = (await runtime.StateAsync("c")).GetProperty("pid").GetInt32();
        Assert.Equal("20", Limit(pid));
        File.WriteAllText(runtime.Combine("resources"), """{ "pids": { "limit": 30 } }""");
        (await runtime.RunAsync("update", "-r", runtime.Combine("resources"), "c")).Expect();
        Assert.Equal("30", Limit(pid));
        (await runtime.RunWithInputAsync("""{ "pids": { "limit": 40 } }""", "update", "--resources", "-", "c")).Expect();
        Assert.Equal("40", Limit(pid));
    }

    [Fact(Timeout = Patience)]
    public async Task Events_TellUsageOnceOrUntilTheEnd()
    {
        await using OciRuntime runtime = new();
        runtime.Configure("trap 'exit 0' TERM; while :; do sleep 0.1; done", config => config["linux"]!["resources"]!["pids"] = new JsonObject { ["limit"] = 20 });
        (await runtime.DetachAsync("run", "-d", "-b", runtime.Bundle, "c")).Expect();
        JsonElement once = JsonDocument.Parse((await runtime.RunAsync("events", "--stats", "c")).Expect().Output).RootElement;
        Assert.Equal(("stats", "c"), (once.GetProperty("type").GetString(), once.GetProperty("id").GetString()));
        JsonElement data = once.GetProperty("data");
        Assert.Equal(20, data.GetProperty("pids").GetProperty("limit").GetInt32());
        Assert.True(data.GetProperty("pids").GetProperty("current").GetInt32() >= 1);
        Assert.True(data.GetProperty("memory").GetProperty("usage").GetProperty("usage").GetUInt64() > 0);
        Assert.True(data.GetProperty("cpu").GetProperty("usage").GetProperty("total").GetUInt64() > 0);
        using Process following = Command.Start(OciRuntime.Program, ["--root", runtime.State, "events", "--interval", "50ms", "c"]);
        for (int i = 0; i < 2; i++) Assert.Equal("stats", TypeOf((await following.StandardOutput.ReadLineAsync(OciRuntime.Token))!));
        (await runtime.RunAsync("kill", "c", "TERM")).Expect();
        while (await following.StandardOutput.ReadLineAsync(OciRuntime.Token) is { } line) Assert.Equal("stats", TypeOf(line));
        await following.WaitForExitAsync(OciRuntime.Token);
        Assert.Equal(0, following.ExitCode);
        Assert.Contains("--interval 0s", (await runtime.RunAsync("events", "--interval", "0s", "c")).Error, StringComparison.Ordinal);
        Assert.Contains("container not running", (await runtime.RunAsync("events", "c")).Error, StringComparison.Ordinal);

        static string? TypeOf(string line) => JsonDocument.Parse(line).RootElement.GetProperty("type").GetString();
    }

    [Fact(Timeout = Patience)]
    public async Task Checkpoint_Restore_AreRefusedByName()
    {
        await using OciRuntime runtime = new();
        foreach (string name in (string[])["checkpoint", "restore"])
            Assert.StartsWith($"berth-oci: {name}: ", (await runtime.RunAsync(name, "--image-path", "/x", "c")).Error, StringComparison.Ordinal);
    }

    [Fact(Timeout = Patience)]
    public async Task Hooks_EachKind_RunsInItsPlaceWithTheState()
    {
        await using OciRuntime runtime = new();
        string told = runtime.Combine("told");
        runtime.Configure("cat /inside", config => config["hooks"] = new JsonObject
        {
            ["createRuntime"] = Hook($"cat >> {told}; echo >> {told}; echo create >> {told}"),
            ["startContainer"] = new JsonArray(new JsonObject { ["path"] = "/bin/sh", ["args"] = new JsonArray("sh", "-c", "cat > /state; echo hooked > /inside") }),
            ["poststart"] = Hook($"echo poststart >> {told}"),
            ["poststop"] = Hook($"echo poststop >> {told}"),
        });
        Assert.Equal("hooked\n", (await runtime.RunAsync("run", "-b", runtime.Bundle, "c")).Expect().Output);
        string[] lines = File.ReadAllLines(told);
        Assert.Equal(["create", "poststart", "poststop"], lines[^3..]);
        JsonElement state = JsonDocument.Parse(string.Join('\n', lines[..^3])).RootElement;
        Assert.Equal(("c", "creating"), (state.GetProperty("id").GetString(), state.GetProperty("status").GetString()));
        Assert.Contains("\"created\"", File.ReadAllText(Path.Combine(runtime.Rootfs, "state")), StringComparison.Ordinal);

        static JsonArray Hook(string script) => [new JsonObject { ["path"] = "/bin/sh", ["args"] = new JsonArray("sh", "-c", script), ["env"] = new JsonArray("PATH=/usr/bin:/bin") }];
    }

    [Fact(Timeout = Patience)]
    public async Task Hooks_OneFailsOrHangs_UndoesTheContainer()
    {
        await using OciRuntime runtime = new();
        foreach ((string script, string reason) in ((string, string)[])[("exit 3", "exit code 3"), ("exec sleep 1000", "longer than 1 s")])
        {
            runtime.Configure("sleep 1000", config => config["hooks"] = new JsonObject
            {
                ["createRuntime"] = new JsonArray(new JsonObject { ["path"] = "/bin/sh", ["args"] = new JsonArray("sh", "-c", script), ["env"] = new JsonArray("PATH=/usr/bin:/bin"), ["timeout"] = 1 }),
            });
            CommandResult result = await runtime.DetachAsync("create", "-b", runtime.Bundle, "c");
            Assert.Equal(1, result.ExitCode);
            Assert.Contains(reason, result.Error, StringComparison.Ordinal);
            Assert.Empty(Directory.GetDirectories(runtime.State));
        }
    }

    [Fact(Timeout = Patience)]
    public async Task Features_ListsWhatIsThere()
    {
        await using OciRuntime runtime = new();
        JsonElement features = JsonDocument.Parse((await runtime.RunAsync("features")).Expect().Output).RootElement;
        Assert.Contains("user", features.GetProperty("linux").GetProperty("namespaces").EnumerateArray().Select(static n => n.GetString()));
        Assert.StartsWith("berth-oci version ", (await runtime.RunAsync("--version")).Expect().Output, StringComparison.Ordinal);
    }

    private static string Limit(int pid)
    {
        string[] line = File.ReadAllLines($"/proc/{pid}/cgroup").Select(static l => l.Split(':', 3)).First(static l => l[1] is "pids" or "");
        string folder = line[1] == "pids" ? "/sys/fs/cgroup/pids" : "/sys/fs/cgroup";
        return File.ReadAllText($"{folder}{line[2]}/pids.max").Trim();
    }
}
