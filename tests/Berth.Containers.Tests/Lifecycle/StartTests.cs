using Berth.Containers.Lifecycle;
using Berth.Containers.Spec;
using Berth.Linux;

namespace Berth.Containers.Tests.Lifecycle;

public sealed class StartTests : IDisposable
{
    private readonly TestContainer _box = new();

    public void Dispose() => _box.Dispose();

    [Fact]
    public void Start_Echo_OutputAndExitCodeArrive()
    {
        (string output, int exitCode) = _box.Run("sh", "-c", "echo hello; exit 7");
        Assert.Equal("hello\n", output);
        Assert.Equal(7, exitCode);
    }

    [Fact]
    public void Start_NewNamespaces_ProcessIsNumberOneAndSeesNoOther()
    {
        (string output, _) = _box.Run("sh", "-c", "echo $$; cd /proc; echo [0-9]*; hostname; pwd");
        Assert.Equal("1\n1\ntestbox\n/proc\n", output);
    }

    [Fact]
    public void Start_Default_DevHasTheStandardNodesAndLinks()
    {
        (string output, _) = _box.Run("sh", "-c", "cd /dev; echo [d-z]*; stat -c %t:%T:%a null zero full random urandom tty; readlink fd; readlink ptmx; echo x > /dev/null; head -c 3 /dev/zero | wc -c");
        Assert.Equal("fd full mqueue null ptmx pts random shm stderr stdin stdout tty urandom zero\n" +
            "1:3:666\n1:5:666\n1:7:666\n1:8:666\n1:9:666\n5:0:666\n/proc/self/fd\npts/ptmx\n3\n", output);
    }

    [Fact]
    public void Start_NewNetwork_LoopbackIsUp()
    {
        (string output, _) = _box.Run("ip", "addr");
        Assert.Contains("127.0.0.1/8", output, StringComparison.Ordinal);
        Assert.DoesNotContain("eth", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Start_Status_CapabilitiesAreTheFourteenAndSignalsAreReset()
    {
        (string output, _) = _box.Run("grep", "-E", "^(Cap|Sig(Ign|Blk)|Groups|NoNewPrivs)", "/proc/self/status");
        string caps = Berth.Containers.Security.CapabilitySet.Default.Bits.ToString("x16");
        Assert.Contains($"CapPrm:\t{caps}", output, StringComparison.Ordinal);
        Assert.Contains($"CapEff:\t{caps}", output, StringComparison.Ordinal);
        Assert.Contains($"CapBnd:\t{caps}", output, StringComparison.Ordinal);
        Assert.Contains("CapInh:\t0000000000000000", output, StringComparison.Ordinal);
        Assert.Contains("SigIgn:\t0000000000000000", output, StringComparison.Ordinal);
        Assert.Contains("SigBlk:\t0000000000000000", output, StringComparison.Ordinal);
        Assert.Contains("NoNewPrivs:\t0", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Start_User_IdsGroupsAndHomeComeFromTheImage()
    {
        (string output, _) = TestContainer.Run(_box.Config(TestContainer.Spec("sh", "-c", "id -u; id -g; id -G; echo $HOME; grep CapEff /proc/self/status")) with { User = "app", GroupAdd = ["4000"] });
        Assert.Equal("1000\n1001\n1001 2000 4000\n/home/app\nCapEff:\t0000000000000000\n", output);
    }

    [Fact]
    public void Start_MissingCwd_IsMade()
    {
        RuntimeSpec spec = TestContainer.Spec("pwd");
        (string output, _) = TestContainer.Run(_box.Config(spec with { Process = spec.Process! with { Cwd = "/a/b" } }));
        Assert.Equal("/a/b\n", output);
    }

    [Fact]
    public void Start_Overlay_WritesGoToUpperOnly()
    {
        _box.Run("touch", "/made");
        Assert.True(File.Exists(Path.Combine(_box.Directory, "upper/made")));
        Assert.False(File.Exists(Path.Combine(_box.Lower, "made")));
    }

    [Fact]
    public void Start_ReadonlyRoot_CannotBeWritten()
    {
        RuntimeSpec spec = TestContainer.Spec("sh", "-c", "touch /x; touch /dev/shm/ok && echo fine");
        (string output, _) = TestContainer.Run(_box.Config(spec with { Root = spec.Root! with { Readonly = true } }));
        Assert.Contains("Read-only file system", output, StringComparison.Ordinal);
        Assert.EndsWith("fine\n", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Start_Masked_PathsShowNothingAndReadonlyPathsRefuseWrites()
    {
        (string output, _) = _box.Run("sh", "-c", "cat /proc/timer_list | wc -c; cat /proc/keys | wc -c; ls /sys/firmware | wc -l; echo 1 > /proc/sys/kernel/panic; echo 1 > /proc/irq/default_smp_affinity");
        Assert.StartsWith("0\n0\n0\n", output, StringComparison.Ordinal);
        Assert.Equal(2, output.Split("Read-only file system").Length - 1);
    }

    [Fact]
    public void Start_Terminal_IsControllingAndHasItsSize()
    {
        RuntimeSpec spec = TestContainer.Spec("sh", "-c", "tty; stty size; echo hi > /dev/tty; ls /dev/console");
        spec = spec with { Process = spec.Process! with { Terminal = true, ConsoleSize = new ConsoleSize { Height = 33, Width = 99 } } };
        using StartedProcess process = ContainerRuntime.Start(_box.Config(spec), new ProcessStdio(null, null, null));
        string output = TestContainer.ReadToEnd(process.Console!);
        Libc.Wait(process.PidFd);
        Assert.Equal("/dev/pts/0\r\n33 99\r\nhi\r\n/dev/console\r\n", output);
    }

    [Fact]
    public void Start_BindMounts_OptionsHoldAndTargetsAreMade()
    {
        string source = Path.Combine(_box.Directory, "source");
        Directory.CreateDirectory(source);
        File.WriteAllText(Path.Combine(source, "file"), "content\n");
        RuntimeSpec spec = TestContainer.Spec("sh", "-c", "cat /data/file /etc/single; touch /data/no; touch /rw/yes");
        spec = spec with
        {
            Mounts =
            [
                .. spec.Mounts,
                new() { Destination = "/data", Type = "bind", Source = source, Options = ["rbind", "ro", "rprivate"] },
                new() { Destination = "/rw", Type = "bind", Source = source, Options = ["rbind"] },
                new() { Destination = "/etc/single", Type = "bind", Source = Path.Combine(source, "file"), Options = ["rbind"] },
            ],
        };
        (string output, _) = TestContainer.Run(_box.Config(spec));
        Assert.StartsWith("content\ncontent\n", output, StringComparison.Ordinal);
        Assert.Contains("Read-only file system", output, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(source, "yes")));
        Assert.False(File.Exists(Path.Combine(source, "no")));
    }

    [Fact]
    public void Start_Sysctl_IsSetInTheContainerOnly()
    {
        RuntimeSpec spec = TestContainer.Spec("cat", "/proc/sys/net/ipv4/ip_default_ttl", "/proc/sys/kernel/shm_rmid_forced");
        spec = spec with { Linux = spec.Linux! with { Sysctl = new Dictionary<string, string> { ["net.ipv4.ip_default_ttl"] = "77", ["kernel.shm_rmid_forced"] = "1" } } };
        string before = File.ReadAllText("/proc/sys/net/ipv4/ip_default_ttl");
        (string output, _) = TestContainer.Run(_box.Config(spec));
        Assert.Equal("77\n1\n", output);
        Assert.Equal(before, File.ReadAllText("/proc/sys/net/ipv4/ip_default_ttl"));
    }

    [Fact]
    public void Start_Rlimit_AboveTheHostsIsCutWithAWarning()
    {
        RuntimeSpec spec = TestContainer.Spec("sh", "-c", "ulimit -n; ulimit -Hc");
        spec = spec with { Process = spec.Process! with { Rlimits = [new() { Type = "RLIMIT_NOFILE", Soft = 100, Hard = 200 }, new() { Type = "RLIMIT_CORE", Soft = 0, Hard = 0 }] } };
        (string output, _) = TestContainer.Run(_box.Config(spec));
        Assert.Equal("100\n0\n", output);
    }

    [Fact]
    public void Start_ManyLayers_AllAreSeen()
    {
        List<string> layers = [];
        for (int i = 0; i < 120; i++)
        {
            string layer = Path.Combine(_box.Directory, "layers", $"{i:d3}-{new string('x', 60)}");
            Directory.CreateDirectory(layer);
            File.WriteAllText(Path.Combine(layer, $"f{i}"), "");
            layers.Add(layer);
        }
        ContainerConfig config = _box.Config(TestContainer.Spec("sh", "-c", "ls / | grep -c ^f"));
        (string output, _) = TestContainer.Run(config with { Rootfs = _box.Rootfs with { LowerDirectories = [.. layers, _box.Lower] } });
        Assert.Equal("120\n", output);
    }

    [Theory]
    [InlineData("nonesuch", 127, "exec: \"nonesuch\": executable file not found in $PATH")]
    [InlineData("/nonesuch", 127, "exec: \"/nonesuch\": stat /nonesuch: no such file or directory")]
    [InlineData("/etc", 126, "exec: \"/etc\": is a directory")]
    [InlineData("/etc/passwd", 126, "exec: \"/etc/passwd\": permission denied")]
    [InlineData("/bin/nointerpreter", 127, "exec /bin/nointerpreter: no such file or directory")]
    [InlineData("/bin/garbage", 126, "exec /bin/garbage: exec format error")]
    public void Start_CannotRun_ExitCodeAndMessageAreDockers(string program, int exitCode, string message)
    {
        File.WriteAllText(Path.Combine(_box.Lower, "bin/nointerpreter"), "#!/no/such\n");
        File.WriteAllText(Path.Combine(_box.Lower, "bin/garbage"), "\x01\x02\x03\x04");
        File.SetUnixFileMode(Path.Combine(_box.Lower, "bin/nointerpreter"), (UnixFileMode)0x1ED);
        File.SetUnixFileMode(Path.Combine(_box.Lower, "bin/garbage"), (UnixFileMode)0x1ED);
        ContainerStartException e = Assert.Throws<ContainerStartException>(() => _box.Run(program));
        Assert.Equal(message, e.Message);
        Assert.Equal(exitCode, e.ExitCode);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Start_Seccomp_FilterHoldsWithAndWithoutNoNewPrivileges(bool noNewPrivileges)
    {
        RuntimeSpec spec = TestContainer.Spec("sh", "-c", "grep -E '^(Seccomp|CapEff)' /proc/self/status; mkdir /forbidden; echo $?");
        spec = spec with
        {
            Process = spec.Process! with { NoNewPrivileges = noNewPrivileges },
            Linux = spec.Linux! with
            {
                Seccomp = new SeccompSpec
                {
                    DefaultAction = SeccompAction.Allow,
                    Architectures = [SeccompArchitecture.X64],
                    Syscalls = [new() { Names = ["mkdir", "mkdirat"], Action = SeccompAction.Errno, ErrnoRet = 1 }],
                },
            },
        };
        (string output, _) = TestContainer.Run(_box.Config(spec));
        Assert.Contains("Seccomp:\t2", output, StringComparison.Ordinal);
        Assert.Contains(Berth.Containers.Security.CapabilitySet.Default.Bits.ToString("x16"), output, StringComparison.Ordinal);
        Assert.Contains("Operation not permitted", output, StringComparison.Ordinal);
        Assert.EndsWith("1\n", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Start_Init_ReapsOrphansAndPassesOnTheExitCode()
    {
        ContainerConfig config = _box.Config(TestContainer.Spec("sh", "-c", "echo $$; (sleep 0.05 &) ; (true &) ; sleep 0.3; ps; exit 9"));
        (string output, int exitCode) = TestContainer.Run(config with { Init = true });
        Assert.StartsWith("2\n", output, StringComparison.Ordinal);
        Assert.Contains("/dev/init /bin/sh", output, StringComparison.Ordinal);
        Assert.DoesNotContain("[", output, StringComparison.Ordinal); // zombies show as [name]
        Assert.Equal(9, exitCode);
    }

    [Fact]
    public void Start_Init_ForwardsSignals()
    {
        (FileDescriptor read, FileDescriptor write) = Libc.Pipe();
        ContainerConfig config = _box.Config(TestContainer.Spec("sh", "-c", "trap 'echo got; exit 4' TERM; echo ready; while true; do sleep 0.1; done"));
        using StartedProcess process = ContainerRuntime.Start(config with { Init = true }, new ProcessStdio(null, write, write));
        write.Dispose();
        byte[] ready = new byte[6];
        Libc.Read(read, ready);
        Libc.SendSignal(process.PidFd, Libc.SIGTERM);
        Assert.Equal("got\n", TestContainer.ReadToEnd(read));
        Assert.Equal(4, Libc.Wait(process.PidFd)!.Value.ExitCode);
        read.Dispose();
    }

    [Fact]
    public void Start_InitAndKilledProgram_ExitCodeIs128PlusSignal()
    {
        (_, int exitCode) = TestContainer.Run(_box.Config(TestContainer.Spec("sh", "-c", "kill -9 $$")) with { Init = true });
        Assert.Equal(137, exitCode);
    }
}
