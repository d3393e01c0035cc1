using Berth.Testing;

namespace Berth.EndToEnd.Tests;

/// <summary>A distribution's packages, compiler and interpreters give the same results in a machine as in a container.</summary>
[Trait("Category", "slow")]
public sealed class DebianGuestTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Downloads some hundred megabytes and takes many minutes: run where BERTH_TEST_DEBIAN is set.</summary>
    [Fact]
    public async Task Debian_AptGccPythonPerl_GiveTheSameInAMachineAsInAContainer()
    {
        if (Environment.GetEnvironmentVariable("BERTH_TEST_DEBIAN") is null) Assert.Skip("set BERTH_TEST_DEBIAN to compare Debian's own tests in a machine and a container");
        string scripts = Path.Combine(Repository.Root, "tests/Berth.EndToEnd.Tests/Debian");
        await using PrivateDaemon daemon = await PrivateDaemon.StartAsync(Cancellation);
        await VmFixture.ProvideKernelAsync(daemon);
        (await daemon.DockerAsync(["load", "-q", "-i", await SharedImages.DebianAsync(Cancellation)], cancellationToken: Cancellation)).Expect();
        string mirror = Directory.CreateDirectory(Path.Combine(daemon.Scratch, "mirror")).FullName, status = Path.Combine(daemon.Scratch, "status");
        await File.WriteAllTextAsync(status, (await Berth("run", "--rm", "debian", "cat", "/var/lib/dpkg/status")).Expect().Output, Cancellation);
        (await Command.RunAsync("sh", [Path.Combine(scripts, "mirror.sh"), mirror, status], cancellationToken: Cancellation)).Expect();
        (await Berth("network", "create", "lab")).Expect();
        (await Berth("run", "-d", "--network", "lab", "--name", "mirror", "-v", $"{mirror}:/www:ro", "busybox", "httpd", "-f", "-p", "80", "-h", "/www")).Expect();
        string container = await Inside(), machine = await Inside("--vm", "-m", "1g");
        Assert.Equal(container.Split('\n'), machine.Split('\n'));
        Assert.Equal(4, container.Split('\n').Count(static line => line is "PACKAGES" or "COMPILER" or "PYTHON" or "PERL"));

        // Longer than a command of these tests may take.
        async Task<string> Inside(params string[] flags)
        {
            string id = (await Berth(["run", "-d", "--network", "lab", "-v", $"{scripts}:/scripts:ro", .. flags, "debian", "sh", "/scripts/inside.sh"])).Expect().Text;
            while ((await Berth("inspect", "-f", "{{.State.Running}}", id)).Expect().Text == "true") await Task.Delay(1000, Cancellation);
            CommandResult logs = (await Berth("logs", id)).Expect();
            Assert.True((await Berth("inspect", "-f", "{{.State.ExitCode}}", id)).Expect().Text == "0", logs.Output + logs.Error);
            return logs.Output;
        }

        Task<CommandResult> Berth(params string[] words) => daemon.BerthAsync(words, cancellationToken: Cancellation);
    }
}
