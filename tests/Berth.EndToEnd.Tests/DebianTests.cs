using Berth.Testing;

namespace Berth.EndToEnd.Tests;

/// <summary>A whole distribution image, made from its packages.</summary>
public sealed class DebianTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    [Trait("Category", "slow")]
    public async Task Debian_Bootstrapped_RunsItsUserland()
    {
        string archive = await SharedImages.DebianAsync(Cancellation);
        await using PrivateDaemon daemon = await PrivateDaemon.StartAsync(Cancellation);
        (await daemon.DockerAsync(["load", "-q", "-i", archive], cancellationToken: Cancellation)).Expect();
        string release = (await Run("cat", "/etc/os-release")).Expect().Output;
        Assert.Contains("bookworm", release);
        CommandResult missing = await Run("python3", "--version");
        Assert.Equal(127, missing.ExitCode);
        Assert.Contains("not found", missing.Error);
        Assert.Equal("root", (await Run("bash", "-c", "perl -e 'print scalar getpwuid($<)'")).Expect().Text);
        Assert.Contains("bookworm", (await daemon.BerthAsync(["run", "--rm", "debian", "cat", "/etc/os-release"], cancellationToken: Cancellation)).Expect().Output);

        Task<CommandResult> Run(params string[] command) =>
            daemon.DockerAsync(["run", "--rm", "debian", .. command], cancellationToken: Cancellation);
    }
}
