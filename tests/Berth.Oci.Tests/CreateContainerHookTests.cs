using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using Berth.Containers.Lifecycle;
using Berth.Testing;

namespace Berth.Oci.Tests;

/// <summary>Hooks that run in the container's namespaces when its mounts stand and its root is the host's still.</summary>
public sealed class CreateContainerHookTests
{
    private const int Patience = 120_000;

    [Fact(Timeout = Patience)]
    public async Task Hook_RunsAfterThoseOnTheHost_InTheContainersNamespacesBeforeItsRootChanges()
    {
        await using OciRuntime runtime = new();
        string told = runtime.Combine("told"), root = runtime.Rootfs;
        Directory.CreateDirectory(Path.Combine(root, "mnt"));
        runtime.Configure("cat /mnt/file /proc/1/comm; readlink /proc/self/ns/mnt; readlink /proc/self/ns/pid; readlink /proc/self/ns/net", config => config["hooks"] = new JsonObject
        {
            ["prestart"] = Hooks($"echo prestart >> {told}"),
            ["createRuntime"] = Hooks($"echo createRuntime >> {told}; cat > {told}.outside"),
            ["createContainer"] = Hooks($"cat > {told}.inside; (uname -n; cat {root}/proc/self/stat; for n in mnt pid net; do readlink /proc/self/ns/$n; done; grep CapEff /proc/self/status) > {told}.place; echo createContainer >> {told}; "
                + $"mount -t tmpfs tmpfs {root}/mnt; echo from the hook > {root}/mnt/file"),
        });
        File.CreateSymbolicLink(Path.Combine(root, "bin/readlink"), "busybox");
        string[] output = (await runtime.RunAsync("run", "-b", runtime.Bundle, "c")).Expect().Lines;
        Assert.Equal(["prestart", "createRuntime", "createContainer"], File.ReadAllLines(told));
        Assert.Equal("from the hook", output[0]);
        Assert.False(File.Exists(Path.Combine(root, "mnt/file")), "the hook's mount is on the host");
        string[] place = File.ReadAllLines(told + ".place");
        Assert.Equal("oci", place[0]);
        Assert.NotEqual("", place[1]); // /proc of the container stands
        Assert.Equal(output[2..], place[2..5]);
        Assert.Equal(Capabilities("/proc/self/status"), place[5]);
        JsonElement outside = State(told + ".outside"), inside = State(told + ".inside");
        Assert.Equal(("creating", "creating"), (outside.GetProperty("status").GetString(), inside.GetProperty("status").GetString()));
        Assert.True(outside.GetProperty("pid").GetInt32() > 1);
        Assert.Equal(1, inside.GetProperty("pid").GetInt32());
    }

    [Fact(Timeout = Patience)]
    public async Task Hook_OfAContainerWithAUserNamespace_IsItsRoot()
    {
        await using OciRuntime runtime = new();
        string told = runtime.Combine("told");
        Directory.CreateDirectory(Path.Combine(runtime.Rootfs, "mnt"));
        File.WriteAllText(told, "");
        File.SetUnixFileMode(told, (UnixFileMode)0x1B6 /* 0666 */);
        File.SetUnixFileMode(runtime.Combine("."), (UnixFileMode)0x1ED /* 0755 */);
        runtime.Configure("cat /mnt/file /proc/self/uid_map", config =>
        {
            config["linux"]!["namespaces"]!.AsArray().Add(new JsonObject { ["type"] = "user" });
            foreach (string name in (string[])["uidMappings", "gidMappings"])
                config["linux"]![name] = new JsonArray(new JsonObject { ["containerID"] = 0, ["hostID"] = 100000, ["size"] = 65536 });
            config["hooks"] = new JsonObject { ["createContainer"] = Hooks($"mount -t tmpfs tmpfs {runtime.Rootfs}/mnt && echo from the hook > {runtime.Rootfs}/mnt/file; (id -u; cat /proc/self/uid_map {runtime.Rootfs}/proc/1/comm) > {told}") };
        });
        string[] output = (await runtime.RunAsync("run", "-b", runtime.Bundle, "c")).Expect().Lines;
        Assert.Equal("from the hook", output[0]);
        string[] lines = File.ReadAllLines(told);
        Assert.Equal(("0", output[1]), (lines[0], lines[1]));
    }

    [Fact(Timeout = Patience)]
    public async Task Hook_OfAContainerWithATimeNamespace_LeavesItsOffsets()
    {
        await using OciRuntime runtime = new();
        runtime.Configure("cat /proc/self/timens_offsets /ran", config =>
        {
            config["linux"]!["namespaces"]!.AsArray().Add(new JsonObject { ["type"] = "time" });
            config["linux"]!["timeOffsets"] = new JsonObject { ["boottime"] = new JsonObject { ["secs"] = 1000 } };
            config["hooks"] = new JsonObject { ["createContainer"] = Hooks($"echo ran > {runtime.Rootfs}/ran") };
        });
        string[] output = (await runtime.RunAsync("run", "-b", runtime.Bundle, "c")).Expect().Lines;
        Assert.Equal("ran", output[^1]);
        Assert.Contains(output, static line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is ["boottime", "1000", "0"]);
    }

    [Fact(Timeout = Patience)]
    public async Task Hook_FailsOrHangs_UndoesTheContainer()
    {
        await using OciRuntime runtime = new();
        foreach ((string script, string reason) in ((string, string)[])[("exit 3", "createContainer[0] /bin/sh: failed with exit code 3"), ("exec sleep 1000", "longer than 1 s")])
        {
            runtime.Configure("sleep 1000", config =>
            {
                config["hooks"] = new JsonObject { ["createContainer"] = Hooks(script) };
                config["hooks"]!["createContainer"]![0]!["timeout"] = 1;
            });
            CommandResult result = await runtime.DetachAsync("create", "-b", runtime.Bundle, "c");
            Assert.Equal(1, result.ExitCode);
            Assert.Contains(reason, result.Error, StringComparison.Ordinal);
            Assert.Empty(Directory.GetDirectories(runtime.State));
        }
    }

    [Fact(Timeout = Patience)]
    public async Task Create_KilledWhileAHookRuns_LeavesWhatDeleteRemoves()
    {
        await using OciRuntime runtime = new();
        string told = runtime.Combine("told");
        runtime.Configure("sleep 1000", config => config["hooks"] = new JsonObject { ["createContainer"] = Hooks($"echo > {told}; exec sleep 1000") });
        using Process create = Command.Start(OciRuntime.Program, ["--root", runtime.State, "create", "-b", runtime.Bundle, "c"]);
        while (!File.Exists(told)) await Task.Delay(20, OciRuntime.Token);
        int[] pids = [.. JsonDocument.Parse((await runtime.RunAsync("ps", "-f", "json", "c")).Expect().Output).RootElement.EnumerateArray().Select(static p => p.GetInt32())];
        Assert.Equal(2, pids.Length); // the process that waits, and the hook
        ulong[] started = [.. pids.Select(ProcessTimes.StartTicks)];
        create.Kill();
        await create.WaitForExitAsync(OciRuntime.Token);
        (await runtime.RunAsync("delete", "--force", "c")).Expect();
        for (int i = 0; i < pids.Length; i++)
            while (ProcessTimes.IsAlive(pids[i], started[i])) await Task.Delay(20, OciRuntime.Token);
        Assert.Empty(Directory.GetDirectories(runtime.State));
    }

    [Fact(Timeout = Patience)]
    public async Task Hook_OfAContainerThatJoinsAPidNamespace_IsRefused()
    {
        await using OciRuntime runtime = new();
        runtime.Configure("true", config =>
        {
            config["linux"]!["namespaces"]![0]!["path"] = "/proc/self/ns/pid";
            config["hooks"] = new JsonObject { ["createContainer"] = Hooks("true") };
        });
        Assert.Contains("hooks.createContainer", (await runtime.RunAsync("run", "-b", runtime.Bundle, "c")).Error, StringComparison.Ordinal);
        Assert.Empty(Directory.GetDirectories(runtime.State));
    }

    private static JsonElement State(string file) => JsonDocument.Parse(File.ReadAllText(file)).RootElement;

    private static string Capabilities(string file) => File.ReadLines(file).Single(static l => l.StartsWith("CapEff:", StringComparison.Ordinal));

    private static JsonArray Hooks(string script) => [new JsonObject { ["path"] = "/bin/sh", ["args"] = new JsonArray("sh", "-c", script), ["env"] = new JsonArray("PATH=/usr/sbin:/usr/bin:/sbin:/bin") }];
}
