using System.Text;
using Berth.Testing;

namespace Berth.EndToEnd.Tests;

/// <summary><c>docker run</c> and the flags of its container's process.</summary>
public sealed class RunTests(DaemonFixture fixture) : DockerTest(fixture)
{
    [Fact]
    public async Task Run_Echo_PrintsToStandardOutputOnly()
    {
        CommandResult result = await Docker("run --rm busybox echo hello");
        Assert.Equal(new CommandResult(0, "hello\n", ""), result with { Error = WithoutWarnings(result.Error) });
    }

    [Fact]
    public async Task Run_BothStreams_ArriveApart()
    {
        CommandResult result = await RunShell("--network none", "echo out; echo err >&2; exit 7");
        Assert.Equal((7, "out\n", "err\n"), (result.ExitCode, result.Output, result.Error));
    }

    [Fact]
    public async Task Run_CommandNotFound_Answers127()
    {
        CommandResult result = await Docker("run --rm busybox no-such-command");
        Assert.Equal(127, result.ExitCode);
        Assert.Contains("no-such-command", result.Error);
        Assert.Contains("not found", result.Error);
    }

    [Fact]
    public async Task Run_NotExecutable_Answers126() => (await Docker("run --rm busybox /etc/passwd")).Expect(126);

    [Fact]
    public async Task Run_ImageMissing_Answers125() => (await Docker("run --rm no/such-image:1 true")).Expect(125);

    [Fact]
    public async Task Run_KilledBySignal_Answers128PlusSignal() => (await RunShell("--init", "kill -9 $$; sleep 5")).Expect(137);

    [Fact]
    public async Task Run_StandardInput_ReachesTheProcessAndEnds()
    {
        byte[] input = Encoding.UTF8.GetBytes("one\ntwo\nthree\n");
        CommandResult result = await DockerWithInput(input, "run", "--rm", "-i", "busybox", "wc", "-l");
        Assert.Equal("3", result.Expect().Text);
    }

    [Fact]
    public async Task Run_LargeInput_ComesBackWhole()
    {
        byte[] input = new byte[8 << 20];
        new Random(7).NextBytes(input);
        string expected = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(input));
        CommandResult result = await DockerWithInput(input, "run", "--rm", "-i", "busybox", "sha256sum");
        Assert.StartsWith(expected, result.Expect().Output);
    }

    [Fact]
    public async Task Run_LargeOutput_ArrivesWhole()
    {
        CommandResult result = await RunShell("", "seq 1 200000");
        Assert.Equal(200_000, result.Expect().Lines.Length);
        Assert.Equal("200000", result.Lines[^1]);
    }

    [Fact]
    public async Task Run_EnvironmentWorkdirHostnameUser_AreSet()
    {
        CommandResult result = await RunShell("-e A=1 -w /x --hostname h --user 1234:5678 --group-add 99", "echo $A; pwd; hostname; id -u; id -g; id -G");
        Assert.Equal(["1", "/x", "h", "1234", "5678", "5678 99"], result.Expect().Lines);
    }

    [Fact]
    public async Task Run_EnvironmentFile_IsRead()
    {
        string file = Path.Combine(Daemon.Scratch, "env");
        await File.WriteAllTextAsync(file, "# comment\nFROM_FILE=yes it is\n", Cancellation);
        Assert.Equal("yes it is", (await RunShell($"--env-file {file}", "echo $FROM_FILE")).Expect().Text);
    }

    [Fact]
    public async Task Run_ReadOnlyBind_CanBeReadAndNotWritten()
    {
        string folder = Directory.CreateDirectory(Path.Combine(Daemon.Scratch, NewName())).FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "f"), "content", Cancellation);
        CommandResult result = await RunShell($"-v {folder}:/x:ro", "cat /x/f; touch /x/g");
        Assert.Equal("content", result.Output);
        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains("Read-only", result.Error);
    }

    [Fact]
    public async Task Run_WritableBind_ReachesTheHost()
    {
        string folder = Directory.CreateDirectory(Path.Combine(Daemon.Scratch, NewName())).FullName;
        (await RunShell($"--mount type=bind,source={folder},target=/deep/er", "echo written >/deep/er/f")).Expect();
        Assert.Equal("written\n", await File.ReadAllTextAsync(Path.Combine(folder, "f"), Cancellation));
    }

    [Fact]
    public async Task Run_MemoryAndCpuLimits_HoldInTheCgroup()
    {
        string name = NewName();
        (await Docker($"run -d --name {name} -m 64m --cpus 0.5 --pids-limit 50 busybox sleep 1000")).Expect();
        CommandResult limits = await Docker("exec", name, "sh", "-c",
            "cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max 2>/dev/null;" +
            "cat /sys/fs/cgroup/pids/pids.max /sys/fs/cgroup/pids.max 2>/dev/null;" +
            "cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us /sys/fs/cgroup/cpu.max 2>/dev/null");
        Assert.Equal("67108864", limits.Lines[0]);
        Assert.Equal("50", limits.Lines[1]);
        Assert.StartsWith("50000", limits.Lines[2]);
        (await Docker("update", "-m", "128m", "--memory-swap", "256m", "--cpus", "0.25", name)).Expect();
        Assert.Equal("134217728", await Inspect(name, "{{.HostConfig.Memory}}"));
        limits = await Docker("exec", name, "sh", "-c", "cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max 2>/dev/null");
        Assert.Equal("134217728", limits.Text);
        (await Docker("rm", "-f", name)).Expect();
    }

    [Fact]
    public async Task Run_MoreMemoryThanAllowed_IsKilledAndReported()
    {
        string name = NewName();
        CommandResult result = await Docker(
            "run", "--name", name, "-m", "16m", "--memory-swap", "16m", "busybox", "awk", "BEGIN { s = \"x\"; while (1) s = s s }");
        Assert.NotEqual(0, result.ExitCode);
        Assert.Equal("true", await Inspect(name, "{{.State.OOMKilled}}"));
        (await Docker("rm", name)).Expect();
    }

    [Fact]
    public async Task Run_ReadOnlyRootWithTmpfs_WritesOnlyThere()
    {
        CommandResult result = await RunShell("--read-only --tmpfs /scratch:size=1m", "echo a >/scratch/f && cat /scratch/f; touch /f");
        Assert.Equal("a\n", result.Output);
        Assert.NotEqual(0, result.ExitCode);
    }

    [Fact]
    public async Task Run_Init_IsProcessOneAndReaps()
    {
        CommandResult result = await RunShell("--init", "(sleep 0.05 &) ; sleep 0.5; cat /proc/1/comm; ps -o stat | grep -c Z");
        Assert.NotEqual("sh", result.Lines[0]);
        Assert.Equal("0", result.Lines[1]);
    }

    [Theory]
    [InlineData("", "00000000a80425fb")]
    [InlineData("--cap-drop ALL", "0000000000000000")]
    [InlineData("--cap-drop ALL --cap-add NET_BIND_SERVICE", "0000000000000400")]
    public async Task Run_Capabilities_AreDockersDefaultsAsChanged(string options, string expected)
    {
        CommandResult result = await RunShell(options, "grep CapEff /proc/self/status");
        Assert.Equal("CapEff:\t" + expected, result.Expect().Text);
    }

    [Fact]
    public async Task Run_Default_HasSeccompFilterAndOwnNamespaces()
    {
        CommandResult result = await RunShell("", "grep Seccomp: /proc/self/status; for n in pid mnt net uts ipc cgroup; do readlink /proc/self/ns/$n; done");
        Assert.Equal("Seccomp:\t2", result.Expect().Lines[0]);
        foreach (string line in result.Lines[1..])
            Assert.NotEqual(new FileInfo("/proc/self/ns/" + line[..line.IndexOf(':')]).LinkTarget, line);
    }

    [Fact]
    public async Task Run_UlimitSysctlShmSizeNoNewPrivileges_AreApplied()
    {
        CommandResult result = await RunShell(
            "--ulimit nofile=100:200 --sysctl kernel.msgmax=4096 --shm-size 1m --security-opt no-new-privileges",
            "ulimit -n; cat /proc/sys/kernel/msgmax; df -k /dev/shm | tail -1 | awk '{print $2}'; grep NoNewPrivs /proc/self/status");
        Assert.Equal(["100", "4096", "1024", "NoNewPrivs:\t1"], result.Expect().Lines);
    }

    [Fact]
    public async Task Run_NetworkNone_HasOnlyLoopback()
    {
        CommandResult result = await RunShell("--network none", "ls /sys/class/net; ping -c 1 -W 2 127.0.0.1 >/dev/null && echo up");
        Assert.Equal(["lo", "up"], result.Expect().Lines);
    }

    [Fact]
    public async Task Run_NetworkHost_SharesTheHostsInterfaces()
    {
        CommandResult result = await RunShell("--network host", "readlink /proc/self/ns/net");
        Assert.Equal(new FileInfo("/proc/self/ns/net").LinkTarget, result.Expect().Text);
    }

    [Fact]
    public async Task Run_NetworkThatIsNotThere_IsRefused()
    {
        CommandResult result = await Docker("run --rm --network no-such-network busybox true");
        Assert.Equal(125, result.ExitCode);
        Assert.Contains("network no-such-network not found", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_Privileged_SeesDevicesAndAllCapabilities()
    {
        CommandResult result = await RunShell("--privileged", "grep CapEff /proc/self/status; grep Seccomp: /proc/self/status; test -e /dev/kmsg -o -e /dev/fuse -o -e /dev/kvm && echo devices; mkdir -p /m && mount -t tmpfs none /m && echo mounted");
        Assert.Contains("Seccomp:\t0", result.Output);
        Assert.Contains("mounted", result.Output);
        Assert.DoesNotContain("00000000a80425fb", result.Output);
    }

    [Fact]
    public async Task Run_Tty_IsATerminalOfTheAskedSize()
    {
        // script(1) gives the client a terminal of its own.
        CommandResult result = await Command.RunAsync("script",
            ["-qec", "stty rows 33 cols 101; docker run --rm -it busybox sh -c 'tty; sleep 0.5; stty size; exit 3'", "/dev/null"],
            Daemon.Environment, cancellationToken: Cancellation);
        Assert.Contains("/dev/", result.Output);
        Assert.Contains("33 101", result.Output);
        Assert.Equal(3, result.ExitCode);
    }

    [Fact]
    public async Task Run_Cidfile_HoldsTheId()
    {
        string file = Path.Combine(Daemon.Scratch, NewName());
        (await Docker($"run --rm --cidfile {file} busybox true")).Expect();
        Assert.Equal(64, (await File.ReadAllTextAsync(file, Cancellation)).Length);
    }

    [Fact]
    public async Task Run_FastExit_NeverLosesOutput()
    {
        for (int i = 0; i < 60; i++)
            Assert.Equal($"line {i}\n", (await Docker("run", "--rm", "--network", "none", "busybox", "echo", $"line {i}")).Expect().Output);
    }

    private static string WithoutWarnings(string error) =>
        string.Join('\n', error.Split('\n').Where(line => !line.StartsWith("WARNING", StringComparison.Ordinal)));
}
