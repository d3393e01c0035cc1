using System.Text;
using System.Text.Json;
using Berth.Testing;

namespace Berth.EndToEnd.Tests;

/// <summary>The main verbs of Berth's own CLI.</summary>
public sealed class BerthCliTests(DaemonFixture fixture) : BerthTest(fixture)
{
    [Fact]
    public async Task Run_Command_GivesOutputErrorsAndExitCode()
    {
        CommandResult result = await Berth("run", "--rm", "busybox", "sh", "-c", "echo out; echo err >&2; exit 9");
        Assert.Equal((9, "out\n", "err\n"), (result.ExitCode, result.Output, result.Error));
        Assert.Equal(127, (await Berth("run --rm busybox no-such-program")).ExitCode);
        Assert.Equal(126, (await Berth("run --rm busybox /etc")).ExitCode);
        Assert.Equal(125, (await Berth("run --rm --memory 1k busybox true")).ExitCode);
    }

    [Fact]
    public async Task Run_Input_ReachesTheCommand() =>
        Assert.Equal("100000", (await BerthWithInput(new byte[100_000], "run", "--rm", "-i", "busybox", "wc", "-c")).Expect().Text);

    [Fact]
    public async Task Run_Options_ReachTheContainer()
    {
        Directory.CreateDirectory(Path.Combine(Daemon.Scratch, "x"));
        CommandResult result = await Berth("run", "--rm", "-m", "64m", "--cpus", "0.5", "-v", $"{Daemon.Scratch}/x:/x:ro", "-e", "A=1", "-w", "/x", "--hostname", "h",
            "busybox", "sh", "-c", "echo $A $PWD $(hostname); touch y 2>/dev/null || echo read-only");
        Assert.Equal("1 /x h\nread-only\n", result.Expect().Output);
    }

    [Fact]
    public async Task Run_OnTerminal_HasATerminal() =>
        Assert.Contains("/dev/pts/", (await BerthOnTerminal("run --rm -it busybox tty")).Expect().Output);

    [Fact]
    public async Task Run_WhatIsNotThere_SaysWhatToDo()
    {
        CommandResult image = await Berth("run --rm alpine true");
        Assert.Equal(125, image.ExitCode);
        Assert.Contains("berth load", image.Error);
        Assert.Contains("network none-such not found", (await Berth("run --rm --network none-such busybox true")).Error);
    }

    [Fact]
    public async Task Lifecycle_EveryVerb_ShowsInPs()
    {
        string name = NewName(), other = NewName();
        string id = (await Berth("create", "--name", name, "-l", "of=test", "busybox", "sh", "-c", "trap 'exit 3' TERM; while :; do sleep 0.1; done")).Expect().Text;
        Assert.Equal("created", await State(name));
        Assert.Equal(name, (await Berth($"start {name}")).Expect().Text);
        (await Berth($"pause {name}")).Expect();
        Assert.Equal("paused", await State(name));
        (await Berth($"unpause {name}")).Expect();
        (await Berth($"rename {name} {other}")).Expect();
        Assert.Equal("running", await State(other));
        (await Berth($"update -m 64m {other}")).Expect();
        Assert.Equal("67108864", (await Berth("inspect", "-f", "{{.HostConfig.Memory}}", other)).Expect().Text);
        Assert.Equal(1, (await Berth($"rm {other}")).ExitCode);
        (await Berth($"stop -t 60 {other}")).Expect();
        Assert.Equal("3", (await Berth($"wait {other}")).Expect().Text);
        Assert.Equal(id[..12], (await Berth("ps", "-aq", "--filter", $"name={other}")).Expect().Text);
        (await Berth($"restart {other}")).Expect();
        (await Berth($"kill {other}")).Expect();
        Assert.Equal("137", (await Berth($"wait {other}")).Expect().Text);
        Assert.Equal(other, (await Berth($"rm {other}")).Expect().Text);
        Assert.Equal(1, (await Berth($"inspect {other}")).ExitCode);
    }

    [Fact]
    public async Task Logs_And_Exec_OfARunningContainer()
    {
        string name = NewName();
        (await Berth("run", "-d", "--name", name, "busybox", "sh", "-c", "echo one; echo two; echo ready >/ready; exec sleep 600")).Expect();
        (await Berth("exec", name, "sh", "-c", "until [ -e /ready ]; do sleep 0.05; done")).Expect();
        Assert.Equal("two\n", (await Berth($"logs -n 1 {name}")).Expect().Output);
        CommandResult exec = await Berth("exec", "-e", "A=1", "-w", "/tmp", name, "sh", "-c", "echo $A $PWD; exit 7");
        Assert.Equal((7, "1 /tmp\n"), (exec.ExitCode, exec.Output));
        Assert.Equal(127, (await Berth($"exec {name} no-such-program")).ExitCode);
        Assert.Contains("sleep 600", (await Berth($"top {name}")).Expect().Output);
        Assert.Contains(name, (await Berth("stats --no-stream")).Expect().Output);
        (await Berth($"rm -f {name}")).Expect();
    }

    [Fact]
    public async Task Files_GoInAndOut_AndIntoAnImage()
    {
        string name = NewName(), image = NewName(), file = Path.Combine(Daemon.Scratch, name);
        await File.WriteAllTextAsync(file, "content", Cancellation);
        (await Berth($"create --name {name} busybox true")).Expect();
        (await Berth($"cp {file} {name}:/file")).Expect();
        Assert.Contains("A /file", (await Berth($"diff {name}")).Expect().Lines);
        (await Berth($"cp {name}:/file {file}.out")).Expect();
        Assert.Equal("content", await File.ReadAllTextAsync(file + ".out", Cancellation));
        (await Berth("commit", "-c", "CMD cat /file", name, image)).Expect();
        Assert.Equal("content", (await Berth($"run --rm {image}")).Expect().Output);
        (await Berth($"save -o {file}.tar {image}")).Expect();
        (await Berth($"rm {name}")).Expect();
        Assert.Contains($"Untagged: {image}:latest", (await Berth($"rmi {image}")).Expect().Lines);
        Assert.Contains(image, (await Berth($"load -i {file}.tar")).Expect().Output);
        Assert.Contains("busybox", (await Berth($"history {image}")).Expect().Output);
        (await Berth($"rmi {image}")).Expect();
    }

    [Fact]
    public async Task Volumes_KeepWhatWasWritten()
    {
        string volume = NewName();
        Assert.Equal(volume, (await Berth($"volume create {volume}")).Expect().Text);
        (await Berth("run", "--rm", "-v", $"{volume}:/v", "busybox", "sh", "-c", "echo kept >/v/file")).Expect();
        Assert.Equal("kept", (await Berth("run", "--rm", "-v", $"{volume}:/v:ro", "busybox", "cat", "/v/file")).Expect().Text);
        Assert.Contains(volume, (await Berth("volume ls -q")).Expect().Lines);
        (await Berth($"volume rm {volume}")).Expect();
    }

    [Fact]
    public async Task Lists_AsJson_AreJson()
    {
        foreach (string list in (string[])["ps -a -o json", "images -o json", "volume ls -o json", "system df -o json", "info --format json", "doctor -o json"])
        {
            using JsonDocument parsed = JsonDocument.Parse((await Berth(list)).Expect().Output);
            Assert.NotEqual(JsonValueKind.Undefined, parsed.RootElement.ValueKind);
        }
        Assert.Contains("busybox:latest", (await Berth("images", "--format", "{{.Repository}}:{{.Tag}}")).Expect().Lines);
        Assert.Contains("Berth", (await Berth("version")).Expect().Output);
    }

    [Fact]
    public async Task WrongCommandLine_IsExplained()
    {
        CommandResult verb = await Berth("runn");
        Assert.Equal(125, verb.ExitCode);
        Assert.Contains("berth run", verb.Error);
        CommandResult flag = await Berth("run --nosuch busybox");
        Assert.Equal(125, flag.ExitCode);
        Assert.Contains("--nosuch", flag.Error);
        Assert.Contains("Examples:", (await Berth("run --help")).Expect().Output);
        Assert.Contains("not a command", (await Berth("frobnicate")).Error);
        Assert.Contains("berth build", (await Berth("buildx build .")).Error);
    }

    [Fact]
    public async Task Doctor_WithoutDaemon_LooksByItself()
    {
        Dictionary<string, string?> nowhere = new()
        {
            ["BERTH_HOST"] = $"unix://{Daemon.Scratch}/nowhere.sock",
            ["BERTH_DATA_ROOT"] = Path.Combine(Daemon.Scratch, "nowhere"),
        };
        CommandResult result = await Command.RunAsync(Repository.Program("berth"), ["doctor"], nowhere, cancellationToken: Cancellation);
        string text = result.Expect().Output;
        Assert.Contains("overlayfs", text);
        Assert.Contains("kvm", text);
        Assert.DoesNotContain("\e[", text);
        Assert.False(Directory.Exists(nowhere["BERTH_DATA_ROOT"]));
    }

    [Fact]
    public async Task Import_Export_KeepTheFiles()
    {
        string name = NewName(), image = NewName(), tar = Path.Combine(Daemon.Scratch, name + ".tar");
        (await Berth("run", "--name", name, "busybox", "sh", "-c", "echo data >/data")).Expect();
        (await Berth($"export -o {tar} {name}")).Expect();
        (await Berth($"import {tar} {image}")).Expect();
        Assert.Equal("data", (await Berth($"run --rm {image} cat /data")).Expect().Text);
        (await Berth($"rm {name}")).Expect();
        (await Berth($"rmi {image}")).Expect();
    }

    [Fact]
    public async Task Completion_EveryShell_CompletesNames()
    {
        foreach (string shell in (string[])["bash", "zsh", "fish"])
            Assert.Contains("__complete", (await Berth($"completion {shell}")).Expect().Output);
        byte[] script = Encoding.UTF8.GetBytes($$"""
            berth() { {{Repository.Program("berth")}} "$@"; }
            eval "$(berth completion bash)"
            COMP_WORDS=(berth ru) COMP_CWORD=1 COMP_LINE='berth ru' COMP_POINT=8
            "$(complete -p berth | sed 's/.*-F \([^ ]*\).*/\1/')"
            echo "${COMPREPLY[*]}"
            """);
        CommandResult bash = await Command.RunAsync("bash", ["--norc"], Daemon.Environment, script, Cancellation);
        Assert.Equal("run", bash.Expect().Text);
    }

    private async Task<string> State(string name) => (await Berth("inspect", "-f", "{{.State.Status}}", name)).Expect().Text;
}
