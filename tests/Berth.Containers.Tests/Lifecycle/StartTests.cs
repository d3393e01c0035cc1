using Berth.Containers.Lifecycle;

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
    public void Start_Ps_ProcessIsNumberOneAndSeesNoOther()
    {
        (string output, _) = _box.Run("sh", "-c", "echo $$; ls -d /proc/[0-9]* | head -5; hostname; ls /dev; cat /proc/mounts; ip addr; env; cat /proc/self/status");
        Assert.StartsWith("1\n", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Start_UnknownProgram_Is127WithDockersMessage()
    {
        ContainerStartException e = Assert.Throws<ContainerStartException>(() => _box.Run("nonesuch"));
        Assert.Equal(127, e.ExitCode);
        Assert.Equal("exec: \"nonesuch\": executable file not found in $PATH", e.Message);
    }
}
