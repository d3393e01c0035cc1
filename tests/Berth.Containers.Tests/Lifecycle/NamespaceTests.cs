using Berth.Containers.Lifecycle;
using Berth.Containers.Spec;
using Berth.Linux;
using static Berth.Linux.Libc;

namespace Berth.Containers.Tests.Lifecycle;

/// <summary>Namespaces with settings of their own, and namespaces of another container joined by path.</summary>
public sealed class NamespaceTests : IDisposable
{
    private readonly TestContainer _box = new(), _other = new();
    private readonly List<StartedProcess> _running = [];

    public void Dispose()
    {
        foreach (StartedProcess process in _running)
        {
            SendSignal(process.PidFd, SIGKILL);
            Libc.Wait(process.PidFd);
            process.Dispose();
        }
        _box.Dispose();
        _other.Dispose();
    }

    private StartedProcess Sleeper(Func<RuntimeSpec, RuntimeSpec> change)
    {
        StartedProcess process = ContainerRuntime.Start(_box.Config(change(TestContainer.Spec("sleep", "1000"))), new ProcessStdio(null, null, null));
        _running.Add(process);
        return process;
    }

    private static RuntimeSpec WithTime(RuntimeSpec spec) => spec with
    {
        Linux = spec.Linux! with
        {
            Namespaces = [.. spec.Linux.Namespaces, new() { Type = NamespaceType.Time }],
            TimeOffsets = new Dictionary<string, TimeOffset> { ["boottime"] = new() { Secs = 86_400_000 }, ["monotonic"] = new() { Secs = 86_400_000 } },
        },
    };

    private static long Uptime(string output) => long.Parse(output.Split('.')[0], System.Globalization.CultureInfo.InvariantCulture);

    private static ExecConfig ExecIn(StartedProcess main, params string[] args) =>
        new() { ContainerPid = main.Pid, ContainerPidFd = main.PidFd, Process = TestContainer.Spec(args).Process! };

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void TimeOffsets_StartAndExec_BothSeeTheShiftedClock(bool mapped)
    {
        Func<RuntimeSpec, RuntimeSpec> change = mapped ? static s => TestContainer.Mapped(WithTime(s)) : WithTime;
        string[] args = ["cat", "/proc/uptime"];
        Assert.InRange(Uptime(TestContainer.Run(_other.Config(change(TestContainer.Spec(args)))).Output), 86_400_000, long.MaxValue);
        StartedProcess main = Sleeper(change);
        Assert.InRange(Uptime(TestContainer.Exec(ExecIn(main, args)).Output), 86_400_000, long.MaxValue);
    }

    [Theory]
    [InlineData("pid", "pid")]
    [InlineData("network", "net")]
    [InlineData("ipc", "ipc")]
    [InlineData("uts", "uts")]
    [InlineData("cgroup", "cgroup")]
    public void Path_OfAnotherContainer_IsJoined(string type, string file)
    {
        StartedProcess main = Sleeper(static s => WithTime(s));
        RuntimeSpec spec = TestContainer.Spec("readlink", $"/proc/self/ns/{file}");
        spec = spec with
        {
            Hostname = type == "uts" ? null : spec.Hostname,
            Linux = spec.Linux! with { Namespaces = [.. spec.Linux.Namespaces.Where(n => n.Type != type), new() { Type = type, Path = $"/proc/{main.Pid}/ns/{file}" }] },
        };
        Assert.Equal(ReadLinkAt(null, $"/proc/{main.Pid}/ns/{file}") + "\n", TestContainer.Run(_other.Config(spec)).Output);
    }

    [Fact]
    public void Path_OfProcesses_ShowsThemAndMasksProcStill()
    {
        StartedProcess main = Sleeper(static s => s);
        RuntimeSpec spec = TestContainer.Spec("sh", "-c", "head -c 5 /proc/1/cmdline; echo; cat /proc/timer_list | wc -c; echo 1 > /proc/sys/kernel/panic");
        spec = spec with { Linux = spec.Linux! with { Namespaces = [.. spec.Linux.Namespaces.Where(static n => n.Type != "pid"), new() { Type = "pid", Path = $"/proc/{main.Pid}/ns/pid" }] } };
        (string output, _) = TestContainer.Run(_other.Config(spec));
        Assert.StartsWith("sleep\n0\n", output, StringComparison.Ordinal);
        Assert.Contains("Read-only", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Path_OfUsersAndProcesses_BothAreShared()
    {
        StartedProcess main = Sleeper(TestContainer.Mapped);
        RuntimeSpec spec = TestContainer.Spec("sh", "-c", "id -u; head -c 5 /proc/1/cmdline; echo");
        spec = spec with
        {
            Linux = spec.Linux! with
            {
                Namespaces = [.. spec.Linux.Namespaces.Where(static n => n.Type != "pid"), new() { Type = "pid", Path = $"/proc/{main.Pid}/ns/pid" }, new() { Type = "user", Path = $"/proc/{main.Pid}/ns/user" }],
            },
        };
        Assert.Equal("0\nsleep\n", TestContainer.Run(_other.Config(spec)).Output);
    }

    [Fact]
    public void SharedMemory_OfAnotherContainer_IsBound()
    {
        StartedProcess main = Sleeper(static s => s);
        TestContainer.Exec(ExecIn(main, "sh", "-c", "echo shared > /dev/shm/f"));
        RuntimeSpec spec = TestContainer.Spec("cat", "/dev/shm/f");
        spec = spec with { Mounts = [.. spec.Mounts.Where(static m => m.Destination != "/dev/shm"), new() { Destination = "/dev/shm", Type = "bind", Source = $"/proc/{main.Pid}/root/dev/shm", Options = ["rbind", "rprivate"] }] };
        Assert.Equal("shared\n", TestContainer.Run(_other.Config(spec)).Output);
    }

    [Fact]
    public void Path_OfAnythingElse_IsRefused()
    {
        RuntimeSpec spec = TestContainer.Spec("true");
        spec = spec with { Linux = spec.Linux! with { Namespaces = [.. spec.Linux.Namespaces, new() { Type = "time", Path = "/etc/passwd" }] } };
        Assert.Throws<ContainerStartException>(() => TestContainer.Run(_other.Config(spec)));
    }
}
