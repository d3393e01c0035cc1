using System.Text;
using Berth.Testing;

namespace Berth.EndToEnd.Tests;

/// <summary>The same images as virtual machines, by both clients.</summary>
[Trait("Category", "slow")]
public sealed class VmTests(VmFixture fixture) : IClassFixture<VmFixture>
{
    private const string Machine = VmFixture.Machine;

    private PrivateDaemon Daemon { get; } = fixture.Daemon;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private Task<CommandResult> Docker(params string[] arguments) => Daemon.DockerAsync(arguments, cancellationToken: Cancellation);

    private Task<CommandResult> Berth(params string[] arguments) => Daemon.BerthAsync(arguments, cancellationToken: Cancellation);

    private async Task<string> Inspect(string name, string template) => (await Docker("inspect", "-f", template, name)).Expect().Text;

    [Fact]
    public async Task Run_PipedInput_GuestsKernelOutputAndExitCode()
    {
        CommandResult run = await Daemon.BerthAsync(
            ["run", "--rm", "-i", "--vm", "busybox", "sh", "-c", "uname -r; cat; echo err >&2; exit 3"], Encoding.UTF8.GetBytes("typed\n"), Cancellation);
        Assert.Equal((3, $"{fixture.Release}\ntyped\n", "err\n"), (run.ExitCode, run.Output, run.Error));
        Assert.NotEqual(fixture.Release, File.ReadAllText("/proc/sys/kernel/osrelease").Trim());
    }

    [Fact]
    public async Task Compose_RuntimeVm_IsAMachine()
    {
        ComposeProject project = new(Daemon, """
            services:
              machine: {image: busybox, runtime: vm, command: "sh -c 'uname -r; sleep 1000'", mem_limit: 256m, networks: [back], stop_grace_period: 0s, healthcheck: {test: [CMD, "true"], interval: 1s, timeout: 100s, retries: 300}}
              beside: {image: busybox, command: ping -c 1 -w 100 machine, networks: [back], depends_on: {machine: {condition: service_healthy}}}
            networks: {back: {}}
            """);
        (await project.Berth("up -d")).Expect();
        await VmFixture.WaitForLogAsync(Daemon, $"{project.Name}-machine-1", fixture.Release);
        Assert.Equal($"{fixture.Release}\n", (await project.Berth("exec -T machine uname -r")).Expect().Output);
        Assert.Equal(0, (await project.Berth("wait beside")).ExitCode);
        await project.DownAsync();
    }

    [Fact]
    public async Task Run_Terminal_HasItsSize()
    {
        CommandResult run = await Command.RunAsync(
            "script", ["-qec", $"stty rows 33 cols 77; {Repository.Program("berth")} run --rm -it --vm --cpus 2 -m 256m busybox sh -c 'stty size; nproc'", "/dev/null"], Daemon.Environment, cancellationToken: Cancellation);
        Assert.Contains("33 77\r\n", run.Output, StringComparison.Ordinal);
        Assert.Contains("\n2\r\n", run.Output, StringComparison.Ordinal);
        Assert.Equal(0, run.ExitCode);
    }

    [Fact]
    public async Task DirectExecution_BusyUserCode_RunsInProcessesThatEndWithTheMachine()
    {
        const string Script = "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done; echo counted $i; while :; do :; done";
        (await Berth("run", "-d", "--vm", "--name", "direct", "--cpus", "2", "-m", "128m", "busybox", "sh", "-c", Script)).Expect();
        string machine = await Inspect("direct", "{{.State.Pid}}");
        await VmFixture.WaitForLogAsync(Daemon, "direct", "counted 300000");
        string[] users = [.. (await Command.RunAsync("ps", ["-o", "pid=,comm=", "--ppid", machine], cancellationToken: Cancellation)).Expect().Lines
            .Select(static line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)).Where(static line => line[1] == "berth-user").Select(static line => line[0])];
        Assert.NotEmpty(users);
        // The loop has not ended: what it takes is counted by those that run it.
        while (users.Sum(ProcessorTime) < 10) await Task.Delay(50, Cancellation);
        string[] all = (await Command.RunAsync("ps", ["-o", "pid=", "--ppid", machine], cancellationToken: Cancellation)).Expect().Output.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        (await Command.RunAsync("kill", ["-9", machine], cancellationToken: Cancellation)).Expect();
        Assert.Equal("137", (await Docker("wait", "direct")).Expect().Text);
        (await Docker("rm", "direct")).Expect();
        Assert.DoesNotContain(all, static user => Directory.Exists($"/proc/{user}"));

        static long ProcessorTime(string user) => long.Parse(File.ReadAllText($"/proc/{user}/stat").Split(' ')[13]);
    }

    [Fact]
    public async Task StopStartKill_LogsExitCodesAndTheDiskSurvive()
    {
        const string Script = "trap 'echo bye; exit 5' TERM; echo boots >>/boots; echo boot $(wc -l </boots); while :; do sleep 1; done";
        (await Docker("run", "-d", "--runtime", "vm", "--name", "cycle", "-m", "128m", "busybox", "sh", "-c", Script)).Expect();
        string directory = Path.Combine(Daemon.DataRoot, "containers", await Inspect("cycle", "{{.Id}}"));
        await VmFixture.WaitForLogAsync(Daemon, "cycle", "boot 1");
        (await Docker("stop", "-t", "60", "cycle")).Expect();
        Assert.Equal("exited 5", await Inspect("cycle", "{{.State.Status}} {{.State.ExitCode}}"));
        Assert.Equal(["boot 1", "bye"], (await Docker("logs", "cycle")).Lines);

        (await Docker("start", "cycle")).Expect();
        await VmFixture.WaitForLogAsync(Daemon, "cycle", "boot 2");
        (await Command.RunAsync("kill", ["-9", await Inspect("cycle", "{{.State.Pid}}")], cancellationToken: Cancellation)).Expect();
        Assert.Equal("137", (await Docker("wait", "cycle")).Expect().Text);
        Assert.Equal("exited 137", await Inspect("cycle", "{{.State.Status}} {{.State.ExitCode}}"));
        Assert.Contains("Linux version " + fixture.Release, (await Berth("vm", "console", "cycle")).Expect().Output, StringComparison.Ordinal);

        (await Docker("rm", "cycle")).Expect();
        Assert.False(Directory.Exists(directory));
    }

    [Fact]
    public async Task Exec_InputOutputAndExitCode()
    {
        CommandResult exec = await Daemon.DockerAsync(
            ["exec", "-i", "-e", "B=2", "-w", "/tmp", Machine, "sh", "-c", "cat; echo $A $B; pwd; hostname; echo err >&2; exit 7"], Encoding.UTF8.GetBytes("typed\n"), Cancellation);
        Assert.Equal((7, "typed\nof the machine 2\n/tmp\nberth-guest\n", "err\n"), (exec.ExitCode, exec.Output, exec.Error));
    }

    [Fact]
    public async Task Network_ContainersAndMachinesFindEachOtherByNameAndPort()
    {
        const string Serve = "mkdir /w; hostname >/w/index.html; httpd -p 80 -h /w; echo serves; sleep 100000";
        (await Docker("network", "create", "mixed")).Expect();
        (await Docker("run", "-d", "--name", "before", "--network", "mixed", "-h", "container", "busybox", "sh", "-c", Serve)).Expect();
        (await Docker("run", "-d", "--runtime", "vm", "--name", "machine", "--network", "mixed", "-h", "machine", "-p", "80", "-m", "128m", "busybox", "sh", "-c", Serve)).Expect();
        await VmFixture.WaitForLogAsync(Daemon, "machine", "serves");
        Assert.Equal("machine", (await Docker("run", "--rm", "--network", "mixed", "busybox", "wget", "-qO-", "http://machine")).Expect().Text);
        Assert.Equal("container", (await Docker("exec", "machine", "wget", "-qO-", "http://before")).Expect().Text);
        Assert.NotEqual("0B / 0B", (await Docker("stats", "--no-stream", "--format", "{{.NetIO}}", "machine")).Expect().Text);
        string address = await Inspect("machine", "{{.NetworkSettings.Networks.mixed.IPAddress}}");
        Assert.Contains($"inet {address}/24", (await Docker("exec", "machine", "ip", "addr", "show", "eth0")).Expect().Output, StringComparison.Ordinal);
        Assert.Equal("143", (await Docker("run", "--rm", "busybox", "sh", "-c", $"timeout 3 wget -qO- http://{address}; echo $?")).Expect().Text);
        using var client = new HttpClient();
        Assert.Equal("machine\n", await client.GetStringAsync($"http://127.0.0.1:{(await Docker("port", "machine", "80")).Expect().Lines[0].Split(':')[^1]}/", Cancellation));
        (await Docker("rm", "-f", "before", "machine")).Expect();
        (await Docker("network", "rm", "mixed")).Expect();
    }

    [Fact]
    public async Task Exec_User_IsTheImages()
    {
        Assert.Equal("65534", (await Berth("exec", "-u", "nobody", Machine, "id", "-u")).Expect().Text);
        Assert.NotEqual(0, (await Berth("exec", "-u", "nosuchuser", Machine, "id")).ExitCode);
    }

    [Fact]
    public async Task Exec_ProgramsThatCannotRun_HaveDockersCodes()
    {
        Assert.Equal(127, (await Docker("exec", Machine, "nosuchprogram")).ExitCode);
        Assert.Equal(126, (await Docker("exec", Machine, "/etc/passwd")).ExitCode);
    }

    [Fact]
    public async Task Exec_Terminal_HasItsSize()
    {
        CommandResult exec = await Command.RunAsync(
            "script", ["-qec", $"stty rows 33 cols 77; docker exec -it {Machine} sh -c 'tty; stty size'", "/dev/null"], Daemon.Environment, cancellationToken: Cancellation);
        Assert.Contains("/dev/pts/", exec.Output, StringComparison.Ordinal);
        Assert.Contains("33 77\r\n", exec.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Mounts_SharedMemoryAndTmpfs_AreAsAsked()
    {
        string mounts = (await Docker("exec", Machine, "cat", "/proc/mounts")).Expect().Output;
        Assert.Matches("(?m)^tmpfs /scratch tmpfs rw,nosuid,nodev,noexec,.*size=1024k", mounts);
        Assert.Matches("(?m)^shm /dev/shm tmpfs rw,nosuid,nodev,noexec,.*size=65536k", mounts);
        Assert.Matches("(?m)^overlay / overlay rw", mounts);
    }

    [Fact]
    public async Task LogsConsoleStatsInspect_ShowTheMachine()
    {
        CommandResult logs = (await Docker("logs", Machine)).Expect();
        Assert.Equal(("ready\n", "to stderr\n"), (logs.Output, logs.Error));
        Assert.Contains("Linux version " + fixture.Release, (await Berth("vm", "console", "--history", Machine)).Expect().Output, StringComparison.Ordinal);
        Assert.EndsWith("/ 256MiB", (await Docker("stats", "--no-stream", "--format", "{{.MemUsage}}", Machine)).Expect().Text, StringComparison.Ordinal);
        Assert.Equal("vm 268435456 disk", await Inspect(Machine, "{{.HostConfig.Runtime}} {{.HostConfig.Memory}} {{.GraphDriver.Name}}"));
        Assert.Equal("vm", (await Berth("ps", "--filter", $"name={Machine}", "--format", "{{.Runtime}}")).Expect().Text);
        Assert.Contains("vm", (await Docker("info", "-f", "{{json .Runtimes}}")).Expect().Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sandbox_TheProgram_HasNoCapabilitiesAndAFilter()
    {
        string status = await File.ReadAllTextAsync($"/proc/{await Inspect(Machine, "{{.State.Pid}}")}/status", Cancellation);
        foreach (string line in (string[])["CapInh:\t0000000000000000", "CapPrm:\t0000000000000000", "CapEff:\t0000000000000000", "CapBnd:\t0000000000000000", "NoNewPrivs:\t1", "Seccomp:\t2"])
            Assert.Contains(line, status, StringComparison.Ordinal);
    }

    [Fact]
    public async Task DaemonKilled_MachineRunsOn()
    {
        string pid = await Inspect(Machine, "{{.State.Pid}}");
        await Daemon.KillAsync();
        await Daemon.RestartAsync(Cancellation);
        Assert.Equal($"running {pid}", await Inspect(Machine, "{{.State.Status}} {{.State.Pid}}"));
        Assert.Equal("still here", (await Docker("exec", Machine, "echo", "still here")).Expect().Text);
    }

    [Theory]
    [InlineData("cp", "cp shared:/etc/passwd /tmp/nowhere")]
    [InlineData("diff", "diff shared")]
    [InlineData("export", "export -o /tmp/nowhere shared")]
    [InlineData("commit", "commit shared x")]
    [InlineData("top", "top shared")]
    public async Task Verbs_OnTheHostsViewOfFilesAndProcesses_SayWhatToDoInstead(string verb, string arguments)
    {
        CommandResult refused = await Docker(arguments.Split(' '));
        Assert.NotEqual(0, refused.ExitCode);
        Assert.True(refused.Error.Contains("not for a virtual machine", StringComparison.Ordinal) && refused.Error.Contains("exec", StringComparison.Ordinal), $"{verb}: {refused.Error}");
    }

    [Fact]
    public async Task Update_ProcessorTimeIsChangedAndMemoryIsNot()
    {
        (await Docker("update", "--cpus", "0.5", Machine)).Expect();
        Assert.Equal("500000000", await Inspect(Machine, "{{.HostConfig.NanoCpus}}"));
        Assert.Contains("stop it", (await Docker("update", "-m", "512m", "--memory-swap", "-1", Machine)).Error, StringComparison.Ordinal);
        (await Docker("update", "--cpus", "1", Machine)).Expect();
    }

    [Theory]
    [InlineData("-m 1m", "use at least 80m")]
    [InlineData("--cpus 0", "--cpus")]
    [InlineData("--cpus 500", "range of CPUs")]
    [InlineData("--privileged", "HostConfig.Privileged")]
    [InlineData("--network host", "HostConfig.NetworkMode")]
    [InlineData("--kernel nosuch", "no kernel named nosuch")]
    [InlineData("--storage-opt size=1k", "HostConfig.StorageOpt[size]")]
    public async Task Run_WhatCannotBe_IsRefusedWithAReason(string options, string reason)
    {
        CommandResult refused = await Berth([.. $"run --rm --vm {options} busybox true".Split(' ')]);
        Assert.Equal(125, refused.ExitCode);
        Assert.Contains(reason, refused.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Kernels_ImportedFileIsCheckedListedAndRemoved()
    {
        string kernel = Path.Combine(Daemon.DataRoot, "kernels", "debian-cloud", "kernel");
        Assert.Equal("mine", (await Berth("kernel", "import", "mine", kernel)).Expect().Text);
        Assert.Contains($"mine {fixture.Release} {kernel}", (await Berth("kernel", "ls", "--format", "{{.Name}} {{.Release}} {{.Source}}")).Expect().Lines);
        (await Berth("kernel", "rm", "mine")).Expect();
        Assert.Equal(["debian-cloud"], (await Berth("kernel", "ls", "-q")).Expect().Lines);
        Assert.Contains("no kernel named mine", (await Berth("kernel", "rm", "mine")).Error, StringComparison.Ordinal);
        string file = Path.Combine(Daemon.Scratch, "nokernel");
        await File.WriteAllTextAsync(file, "abc", Cancellation);
        CommandResult refused = await Berth("kernel", "import", "bad", file);
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("is no kernel", refused.Error, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFiles(Path.GetDirectoryName(Path.GetDirectoryName(kernel))!, ".upload-*"));
    }
}
