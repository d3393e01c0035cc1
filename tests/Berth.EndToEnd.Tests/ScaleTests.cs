using System.Globalization;
using Berth.Testing;

namespace Berth.EndToEnd.Tests;

/// <summary>Many containers at once on one daemon.</summary>
public sealed class ScaleTests
{
    private const int Count = 200;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    [Trait("Category", "slow")]
    public async Task TwoHundredContainers_StartListRemove_WithoutFailureAndWithinMemory()
    {
        await using PrivateDaemon daemon = await PrivateDaemon.StartAsync(Cancellation);
        await daemon.DockerAsync(["run", "--rm", "busybox", "true"], cancellationToken: Cancellation);
        long supervisorBefore = await PrivateMemoryAsync(daemon.SupervisorPid);
        await Parallel.ForAsync(0, Count, new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = Cancellation }, async (i, token) =>
            (await daemon.DockerAsync(["run", "-d", "--name", $"c{i}", "--network", "none", "busybox", "sleep", "1000"], cancellationToken: token)).Expect());
        Assert.Equal(Count, (await daemon.DockerAsync(["ps", "-q"], cancellationToken: Cancellation)).Expect().Lines.Length);
        long daemonMemory = await PrivateMemoryAsync(daemon.Pid), supervisor = await PrivateMemoryAsync(daemon.SupervisorPid);
        Assert.True(daemonMemory < 120 << 20, $"berthd holds {daemonMemory >> 20} MB");
        Assert.True((supervisor - supervisorBefore) / Count < 1 << 20, $"the supervisor grew by {(supervisor - supervisorBefore) >> 10} kB");
        string[] all = (await daemon.DockerAsync(["ps", "-aq"], cancellationToken: Cancellation)).Expect().Lines;
        (await daemon.DockerAsync(["rm", "-f", .. all], cancellationToken: Cancellation)).Expect();
        Assert.Empty((await daemon.DockerAsync(["ps", "-aq"], cancellationToken: Cancellation)).Expect().Lines);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(daemon.DataRoot, "containers")));
    }

    /// <summary>Bytes of resident memory, as the kernel counts them.</summary>
    private static async Task<long> PrivateMemoryAsync(int pid)
    {
        string line = (await File.ReadAllLinesAsync($"/proc/{pid}/status", Cancellation)).First(l => l.StartsWith("VmRSS:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024;
    }
}
