using Berth.Containers.Lifecycle;
using Berth.Containers.Security;
using Berth.Containers.Spec;
using Berth.Containers.Tests.Lifecycle;
using Berth.Linux;

namespace Berth.Containers.Tests.Escape;

/// <summary>Ways out of a container that worked somewhere once; each test names the history it guards against.</summary>
public sealed class EscapeTests : IDisposable
{
    private readonly TestContainer _box = new();

    public void Dispose() => _box.Dispose();

    private (string Output, int ExitCode) Run(Func<RuntimeSpec, RuntimeSpec> change, params string[] args) =>
        TestContainer.Run(_box.Config(change(TestContainer.Spec(args))));

    // CVE-2019-5736: the host's runtime binary reached through /proc/self/exe.
    [Fact]
    public void ProcSelfExe_OfEveryProcess_IsTheImagesProgram()
    {
        (string output, _) = _box.Run("sh", "-c", "for p in /proc/[0-9]*; do readlink $p/exe; done");
        Assert.All(output.Split('\n', StringSplitOptions.RemoveEmptyEntries), static line => Assert.Equal("/bin/busybox", line));
    }

    [Fact]
    public void InitFile_ChangedByTheContainer_IsItsOwnCopy()
    {
        ContainerConfig config = _box.Config(TestContainer.Spec("sh", "-c", "rm /dev/init && echo bad > /dev/init"));
        TestContainer.Run(config with { Init = true });
        Assert.Equal("fine\n", TestContainer.Run(config with { Init = true, Spec = TestContainer.Spec("echo", "fine") }).Output);
    }

    // CVE-2024-21626: a leaked descriptor of a host directory.
    [Fact]
    public void Descriptors_InTheContainer_AreTheThreeStreamsOnly()
    {
        using FileDescriptor leaked = Libc.Open("/", Libc.O_RDONLY);
        Libc.SetCloseOnExec(leaked, on: false);
        (string output, _) = _box.Run("sh", "-c", "for n in 3 4 5 6 7 8 9 10 20 50 100 150; do test -e /proc/1/fd/$n && readlink /proc/1/fd/$n; done; echo end");
        Assert.Equal("end\n", output);
    }

    [Theory]
    [InlineData("/proc/self/fd/7")]
    [InlineData("/proc/self/root/..")]
    [InlineData("/proc/1/root")]
    [InlineData("/proc/self/cwd")]
    public void WorkingDirectory_ThroughMagicLinks_IsRefused(string cwd) => Assert.Throws<ContainerStartException>(() =>
        Run(spec => spec with { Process = spec.Process! with { Cwd = cwd } }, "pwd"));

    [Fact]
    public void WorkingDirectory_ThroughLinkOutOfTheRoot_StaysInside()
    {
        File.CreateSymbolicLink(Path.Combine(_box.Lower, "out"), "../../../../etc");
        (string output, _) = Run(static spec => spec with { Process = spec.Process! with { Cwd = "/out" } }, "sh", "-c", "pwd -P; cat passwd | head -1");
        Assert.Equal("/etc\nroot:x:0:0:root:/root:/bin/sh\n", output);
    }

    // CVE-2016-9962: the entering process traced by the container.
    [Fact]
    public void Creator_AfterAStart_IsNotDumpable()
    {
        _box.Run("true");
        Assert.False(Libc.Dumpable);
    }

    // CVE-2019-19921 and successors: an image that prepares its own /proc.
    [Fact]
    public void Proc_AsSymbolicLink_IsRefused()
    {
        Directory.Delete(Path.Combine(_box.Lower, "proc"));
        File.CreateSymbolicLink(Path.Combine(_box.Lower, "proc"), "tmp");
        ContainerStartException e = Assert.Throws<ContainerStartException>(() => _box.Run("true"));
        Assert.True(e.Errno is Errno.ELOOP or Errno.ENOTDIR, e.Message);
    }

    [Fact]
    public void Sysctl_LeadingOutOfProcSys_IsRefused() => Assert.Throws<ContainerStartException>(() =>
        Run(static spec => spec with { Linux = spec.Linux! with { Sysctl = new Dictionary<string, string> { ["../1/oom_score_adj"] = "1" } } }, "true"));

    // CVE-2021-30465 and successors: mount targets that are links.
    [Theory]
    [InlineData("/")]
    [InlineData("../../../../..")]
    [InlineData("/proc/1/root")]
    public void MountTarget_ThroughLinkOutOfTheRoot_NeverTouchesTheHost(string link)
    {
        string canary = Path.Combine(_box.Directory, "canary");
        Directory.CreateDirectory(canary);
        string source = Path.Combine(_box.Directory, "source");
        Directory.CreateDirectory(source);
        File.CreateSymbolicLink(Path.Combine(_box.Lower, "link"), link);
        string mounts = File.ReadAllText("/proc/self/mountinfo");
        try
        {
            Run(spec => spec with { Mounts = [.. spec.Mounts, new() { Destination = "/link" + canary + "/deep", Type = "bind", Source = source, Options = ["rbind"] }] }, "true");
        }
        catch (ContainerStartException)
        {
            // Refusing is right as well.
        }
        Assert.Empty(Directory.GetFileSystemEntries(canary));
        Assert.Equal(mounts, File.ReadAllText("/proc/self/mountinfo"));
    }

    // CVE-2025-31133, CVE-2025-52565: /dev/null or /dev/console of the image swapped while paths are masked.
    [Fact]
    public void Masking_WithHostileDevInTheImage_CoversWithTheHostsNullDevice()
    {
        Directory.Delete(Path.Combine(_box.Lower, "dev"));
        Directory.CreateDirectory(Path.Combine(_box.Lower, "dev"));
        File.CreateSymbolicLink(Path.Combine(_box.Lower, "dev/null"), "/proc/sys/kernel/core_pattern");
        File.CreateSymbolicLink(Path.Combine(_box.Lower, "dev/console"), "/proc/sys/kernel/core_pattern");
        (string output, _) = _box.Run("sh", "-c", "stat -c %t:%T /proc/timer_list /dev/null; echo x > /proc/sys/kernel/core_pattern");
        Assert.StartsWith("1:3\n1:3\n", output, StringComparison.Ordinal);
        Assert.Contains("Read-only", output, StringComparison.Ordinal);
    }

    // CVE-2026-41579, CVE-2026-47766: an image that ships /dev as a link.
    [Fact]
    public void Dev_AsSymbolicLink_IsRefused()
    {
        Directory.Delete(Path.Combine(_box.Lower, "dev"));
        File.CreateSymbolicLink(Path.Combine(_box.Lower, "dev"), "/tmp");
        ContainerStartException e = Assert.Throws<ContainerStartException>(() => _box.Run("true"));
        Assert.True(e.Errno is Errno.ELOOP or Errno.ENOTDIR, e.Message);
    }

    // CVE-2019-14271: libraries or name services of the image loaded by the runtime.
    [Fact]
    public void UserLookup_WithHostileNssAndFifo_ReadsPlainFilesOnly()
    {
        Directory.CreateDirectory(Path.Combine(_box.Lower, "lib"));
        File.WriteAllText(Path.Combine(_box.Lower, "etc/nsswitch.conf"), "passwd: evil\n");
        File.WriteAllText(Path.Combine(_box.Lower, "lib/libnss_evil.so.2"), "not a library");
        File.Delete(Path.Combine(_box.Lower, "etc/group"));
        Libc.MakeFifo(Path.Combine(_box.Lower, "etc/group"), 0x1B6);
        (string output, _) = TestContainer.Run(_box.Config(TestContainer.Spec("id", "-u")) with { User = "app" });
        Assert.Equal("1000\n", output);
    }

    [Fact]
    public void UserLookup_PasswdLinkedOutOfTheRoot_ReadsTheImages()
    {
        File.Delete(Path.Combine(_box.Lower, "etc/passwd"));
        File.CreateSymbolicLink(Path.Combine(_box.Lower, "etc/passwd"), "../../../../../../etc/passwd.image");
        File.WriteAllText(Path.Combine(_box.Lower, "etc/passwd.image"), "only:x:42:43::/:/bin/sh\n");
        (string output, _) = TestContainer.Run(_box.Config(TestContainer.Spec("id", "-u")) with { User = "only" });
        Assert.Equal("42\n", output);
    }

    // CVE-2024-40635, CVE-2026-30892: user numbers that wrap to 0.
    [Theory]
    [InlineData("4294967296")]
    [InlineData("2147483648")]
    [InlineData("18446744073709551616")]
    [InlineData("-1")]
    [InlineData("0x0")]
    [InlineData(" 0")]
    [InlineData("1000:4294967296")]
    [InlineData("1000:-1")]
    public void User_OutOfRange_IsRefused(string user) => Assert.Throws<ContainerStartException>(() =>
        TestContainer.Run(_box.Config(TestContainer.Spec("id")) with { User = user }));

    // CVE-2022-0492, CVE-2023-25809: writable cgroup files.
    [Fact]
    public void Cgroups_WithoutAMount_AreNotReachable()
    {
        (string output, _) = _box.Run("sh", "-c", "ls -A /sys/fs/cgroup 2>/dev/null | wc -l; mount -t cgroup -o memory none /tmp; mount -t cgroup2 none /tmp; echo $?");
        Assert.StartsWith("0\n", output, StringComparison.Ordinal);
        Assert.EndsWith("1\n", output, StringComparison.Ordinal);
    }

    // CVE-2020-15257: abstract sockets of the host.
    [Fact]
    public void AbstractSockets_OfTheHost_AreInAnotherNamespace()
    {
        (string output, _) = _box.Run("sh", "-c", "cat /proc/net/unix | wc -l");
        Assert.Equal("1\n", output);
    }

    // A keyring of the host's session. The filter refuses keyctl; this container has none, and still finds another keyring.
    [Fact]
    public void Keyring_OfTheHostsSession_IsOutOfReach()
    {
        const string source = """
            #include <stdio.h>
            #include <sys/syscall.h>
            #include <unistd.h>
            int main(void) {
                char description[256] = "";
                long id = syscall(SYS_keyctl, 0, -3, 0);
                syscall(SYS_keyctl, 6, id, description, sizeof description - 1);
                printf("%ld %s\n", id, description);
            }
            """;
        NativeProgram.Compile(Path.Combine(_box.Lower, "bin/keyring"), source);
        string[] first = _box.Run("keyring").Output.Split(' ', 2), second = _box.Run("keyring").Output.Split(' ', 2);
        Assert.StartsWith("keyring;", first[1], StringComparison.Ordinal);
        Assert.NotEqual(first[0], second[0]);
    }

    // Input pushed into the host's terminal.
    [Fact]
    public void Terminal_OfTheContainer_IsItsOwn()
    {
        RuntimeSpec spec = TestContainer.Spec("sh", "-c", "cut -d' ' -f 6 /proc/1/stat; ls /dev/pts");
        spec = spec with { Process = spec.Process! with { Terminal = true } };
        using StartedProcess process = ContainerRuntime.Start(_box.Config(spec), new ProcessStdio(null, null, null));
        string output = TestContainer.ReadToEnd(process.Console!);
        Libc.Wait(process.PidFd);
        Assert.Equal("1\r\n0     ptmx\r\n", output);
    }

    // CVE-2020-15257: listeners in the abstract namespace are open to whoever shares the host's network.
    [Fact]
    public void AbstractSockets_OfThisProcess_AreNone()
    {
        _box.Run("true");
        string[] mine = [.. Directory.EnumerateFileSystemEntries("/proc/self/fd").Select(static fd => new FileInfo(fd).LinkTarget).OfType<string>().Where(static t => t.StartsWith("socket:", StringComparison.Ordinal)).Select(static t => t[8..^1])];
        Assert.DoesNotContain(File.ReadLines("/proc/net/unix"), line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [.., var inode, ['@', ..]] && mine.Contains(inode));
    }

    [Fact]
    public void Mounts_Inside_AreRefusedWithoutSysAdmin()
    {
        (string output, _) = _box.Run("sh", "-c", "mount -t tmpfs none /tmp; mount -o remount,rw /sys; echo $?");
        Assert.EndsWith("1\n", output, StringComparison.Ordinal);
    }

    [Fact]
    public void OldRoot_AfterTheStart_IsGone()
    {
        (string output, _) = _box.Run("sh", "-c", "cut -d' ' -f 5 /proc/self/mountinfo");
        Assert.DoesNotContain(_box.Directory, output, StringComparison.Ordinal);
        Assert.All(output.Split('\n', StringSplitOptions.RemoveEmptyEntries), static line =>
            Assert.True(line == "/" || line.StartsWith("/proc", StringComparison.Ordinal) || line.StartsWith("/dev", StringComparison.Ordinal) || line.StartsWith("/sys", StringComparison.Ordinal), line));
    }

    [Fact]
    public void Capabilities_WhenNoneAreGiven_AreNone()
    {
        (string output, _) = Run(static spec => spec with { Process = spec.Process! with { Capabilities = TestContainer.Capabilities(CapabilitySet.Empty) } }, "grep", "-E", "Cap(Prm|Eff|Bnd|Amb)", "/proc/self/status");
        Assert.Equal(4, output.Split("0000000000000000").Length - 1);
    }
}
