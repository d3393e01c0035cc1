using Berth.Containers.Lifecycle;
using Berth.Containers.Spec;
using Berth.Linux;
using static Berth.Linux.Libc;

namespace Berth.Containers.Tests.Lifecycle;

public sealed class UserNamespaceTests : IDisposable
{
    private readonly TestContainer _box = new();

    public void Dispose() => _box.Dispose();

    private (string Output, int ExitCode) Run(Func<RuntimeSpec, RuntimeSpec> change, params string[] args) =>
        TestContainer.Run(_box.Config(change(TestContainer.Mapped(TestContainer.Spec(args)))));

    private (string Output, int ExitCode) Run(params string[] args) => Run(static s => s, args);

    private StartedProcess Sleeper(Func<RuntimeSpec, RuntimeSpec> change) =>
        ContainerRuntime.Start(_box.Config(change(TestContainer.Mapped(TestContainer.Spec("sleep", "1000")))), new ProcessStdio(null, null, null));

    private static void End(StartedProcess process)
    {
        SendSignal(process.PidFd, SIGKILL);
        Libc.Wait(process.PidFd);
        process.Dispose();
    }

    [Fact]
    public void Start_Mapped_ProcessIsRootInsideAndNobodyOutside()
    {
        (string output, int exitCode) = Run("sh", "-c", "id -u; grep -o 100000 /proc/self/uid_map; hostname; echo $$; exit 5");
        Assert.Equal("0\n100000\ntestbox\n1\n", output);
        Assert.Equal(5, exitCode);
        StartedProcess sleeper = Sleeper(static s => s);
        Assert.Contains("Uid:\t100000\t100000\t100000\t100000", File.ReadAllText($"/proc/{sleeper.Pid}/status"), StringComparison.Ordinal);
        End(sleeper);
    }

    [Fact]
    public void Start_Mapped_FilesOfTheImageHaveTheContainersOwners()
    {
        File.WriteAllText(Path.Combine(_box.Lower, "mine"), "");
        ChangeOwnerAt(null, Path.Combine(_box.Lower, "mine"), 1000, 1001);
        (string output, _) = Run("sh", "-c", "stat -c %u:%g / /bin/busybox /mine /dev /dev/null /dev/shm");
        Assert.Equal("0:0\n0:0\n1000:1001\n0:0\n0:0\n0:0\n", output);
    }

    [Fact]
    public void Start_Mapped_WrittenFilesAreStoredWithUnshiftedOwners()
    {
        File.WriteAllText(Path.Combine(_box.Lower, "image"), "x");
        (string output, _) = Run("sh", "-c", "echo a > /new; echo b >> /image; mkdir /d; rm /etc/group; stat -c %u /new /image /d; echo end");
        Assert.Equal("0\n0\n0\nend\n", output);
        string upper = Path.Combine(_box.Directory, "upper");
        foreach (string name in (string[])["new", "image", "d", "etc/group"])
            Assert.Equal(0u, StatAt(null, Path.Combine(upper, name)).stx_uid);
        TestContainer.Run(_box.Config(TestContainer.Mapped(TestContainer.Spec("touch", "/home/app/f"))) with { User = "0" });
        ChangeOwnerAt(null, Path.Combine(upper, "home/app"), 1000, 1001);
        TestContainer.Run(_box.Config(TestContainer.Mapped(TestContainer.Spec("touch", "/home/app/g"))) with { User = "app" });
        Assert.Equal(1000u, StatAt(null, Path.Combine(upper, "home/app/g")).stx_uid);
    }

    [Fact]
    public void Start_Mapped_BindsShowTheContainersOwners()
    {
        string source = Path.Combine(_box.Directory, "source");
        Directory.CreateDirectory(source);
        File.WriteAllText(Path.Combine(source, "file"), "");
        (string output, _) = Run(s => s with { Mounts = [.. s.Mounts, new() { Destination = "/data", Type = "bind", Source = source, Options = ["rbind", "rprivate"] }] },
            "sh", "-c", "stat -c %u /data/file; echo x > /data/made && stat -c %u /data/made");
        Assert.Equal("0\n0\n", output);
        Assert.Equal(0u, StatAt(null, Path.Combine(source, "made")).stx_uid);
    }

    [Fact]
    public void Start_Mapped_DevicesWorkAndNoNewOnesAreMade()
    {
        (string output, _) = Run("sh", "-c", "echo x > /dev/null && head -c 3 /dev/zero | wc -c; echo y > /dev/stdout; busybox mknod /tmp/m c 1 3");
        Assert.StartsWith("3\ny\n", output, StringComparison.Ordinal);
        Assert.Contains("not permitted", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Start_Mapped_TerminalBelongsToTheUser()
    {
        RuntimeSpec spec = TestContainer.Mapped(TestContainer.Spec("sh", "-c", "tty; stat -c %u:%g $(tty); stat -c %u /dev/console; echo hi > /dev/tty"));
        using StartedProcess process = ContainerRuntime.Start(_box.Config(spec with { Process = spec.Process! with { Terminal = true } }) with { User = "app" }, new ProcessStdio(null, null, null));
        Assert.Equal("/dev/pts/0\r\n1000:5\r\n1000\r\nhi\r\n", TestContainer.ReadToEnd(process.Console!));
        Libc.Wait(process.PidFd);
    }

    [Fact]
    public void Start_Mapped_ParametersOfItsNamespacesAreSet()
    {
        (string output, _) = Run(static s => s with { Linux = s.Linux! with { Sysctl = new Dictionary<string, string> { ["net.ipv4.ip_default_ttl"] = "77", ["kernel.shm_rmid_forced"] = "1" } } },
            "sh", "-c", "cat /proc/sys/net/ipv4/ip_default_ttl /proc/sys/kernel/shm_rmid_forced; ip addr | grep -c 127.0.0.1");
        Assert.Equal("77\n1\n1\n", output);
    }

    [Fact]
    public void Start_MappedWithAdministration_HasItOverItsOwnNamespacesOnly()
    {
        (string output, _) = Run(static s => s with { Process = s.Process! with { Capabilities = TestContainer.Capabilities(Berth.Containers.Security.CapabilitySet.Default | Berth.Containers.Security.CapabilitySet.Parse(["CAP_SYS_ADMIN"])) } },
            "sh", "-c", "hostname other && hostname; mount -t tmpfs t /tmp && echo mounted; mount -t proc p /tmp && echo proc; echo 1 > /proc/sys/kernel/panic");
        Assert.StartsWith("other\nmounted\n", output, StringComparison.Ordinal);
        Assert.DoesNotContain("\n1\n", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Exec_Mapped_JoinsTheUserNamespace()
    {
        StartedProcess main = Sleeper(static s => s);
        (string output, _) = TestContainer.Exec(new ExecConfig
        {
            ContainerPid = main.Pid,
            ContainerPidFd = main.PidFd,
            Process = TestContainer.Spec("sh", "-c", "id; grep -o 100000 /proc/self/uid_map; echo x > /made; echo y > /dev/stdout").Process!,
        });
        End(main);
        Assert.Equal("uid=0(root) gid=0(root)\n100000\ny\n", output);
        Assert.Equal(0u, StatAt(null, Path.Combine(_box.Directory, "upper/made")).stx_uid);
    }

    [Fact]
    public void Start_JoinedByPath_SharesTheUserNamespace()
    {
        StartedProcess main = Sleeper(static s => s);
        RuntimeSpec spec = TestContainer.Spec("sh", "-c", "id -u; readlink /proc/self/ns/user; echo $$; stat -c %u /bin/busybox; touch /joined");
        spec = spec with { Linux = spec.Linux! with { Namespaces = [.. spec.Linux.Namespaces, new() { Type = "user", Path = $"/proc/{main.Pid}/ns/user" }] } };
        using TestContainer other = new();
        (string output, _) = TestContainer.Run(other.Config(spec));
        string expected = ReadLinkAt(null, $"/proc/{main.Pid}/ns/user");
        End(main);
        Assert.Equal($"0\n{expected}\n1\n0\n", output);
        Assert.Equal(0u, StatAt(null, Path.Combine(other.Directory, "upper/joined")).stx_uid);
    }

    [Fact]
    public void Start_Mapped_CannotReachFilesOfTheHost()
    {
        StartedProcess main = Sleeper(static s => s);
        Assert.NotEqual(ReadLinkAt(null, "/proc/self/ns/user"), ReadLinkAt(null, $"/proc/{main.Pid}/ns/user"));
        foreach (string ns in (string[])["mnt", "net", "uts", "ipc", "pid", "cgroup"])
            Assert.NotEqual(ReadLinkAt(null, $"/proc/self/ns/{ns}"), ReadLinkAt(null, $"/proc/{main.Pid}/ns/{ns}"));
        End(main);
    }
}
