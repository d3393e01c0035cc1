using Berth.Containers.Lifecycle;
using Berth.Linux;
using static Berth.Linux.Libc;

namespace Berth.Containers.Tests.Lifecycle;

public sealed class ExecTests : IDisposable
{
    private readonly TestContainer _box = new();
    private readonly StartedProcess _main;

    public ExecTests() => _main = ContainerRuntime.Start(_box.Config(TestContainer.Spec("sleep", "1000")), new ProcessStdio(null, null, null));

    public void Dispose()
    {
        SendSignal(_main.PidFd, SIGKILL);
        Libc.Wait(_main.PidFd);
        _main.Dispose();
        _box.Dispose();
    }

    private ExecConfig Config(params string[] args) => new()
    {
        ContainerPid = _main.Pid,
        ContainerPidFd = _main.PidFd,
        Process = TestContainer.Spec(args).Process!,
    };

    [Fact]
    public void Exec_Shell_SeesTheContainersProcessesAndName()
    {
        (string output, int exitCode) = TestContainer.Exec(Config("sh", "-c", "head -c 5 /proc/1/cmdline; echo; hostname; ip addr | grep -c 127.0.0.1; pwd; exit 3"));
        Assert.Equal("sleep\ntestbox\n1\n/\n", output);
        Assert.Equal(3, exitCode);
    }

    [Fact]
    public void Exec_User_IsLookedUpInTheContainer()
    {
        (string output, _) = TestContainer.Exec(Config("id") with { User = "app" });
        Assert.Equal("uid=1000(app) gid=1001(app) groups=1001(app),2000(extra)\n", output);
    }

    [Fact]
    public void Exec_Terminal_IsInTheContainersDevpts()
    {
        ExecConfig config = Config("tty");
        using StartedProcess process = ContainerRuntime.Exec(config with { Process = config.Process with { Terminal = true } }, new ProcessStdio(null, null, null));
        Assert.Equal("/dev/pts/0\r\n", TestContainer.ReadToEnd(process.Console!));
        Libc.Wait(process.PidFd);
    }

    [Fact]
    public void Exec_UnknownProgram_Is127()
    {
        Assert.Equal(127, Assert.Throws<ContainerStartException>(() => TestContainer.Exec(Config("nonesuch"))).ExitCode);
    }

    [Fact]
    public void Exec_AfterTheEnd_IsRefused()
    {
        SendSignal(_main.PidFd, SIGKILL);
        Libc.Wait(_main.PidFd, WEXITED | WNOWAIT);
        Assert.Throws<ContainerStartException>(() => TestContainer.Exec(Config("true")));
    }
}
