using Berth.Testing;

namespace Berth.EndToEnd.Tests;

/// <summary>A data root without room: verbs fail and say why, nothing is half done, what runs goes on.</summary>
public sealed class DiskFullTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task FullDisk_VerbsFailClearlyAndWorkAgainWithRoom()
    {
        await using PrivateDaemon daemon = await PrivateDaemon.StartOnSmallDiskAsync(200, Cancellation);
        (await Docker(daemon, "run", "-d", "--name", "writer", "busybox", "sh", "-c", "while :; do echo a line of the log; usleep 2000; echo x >> /tmp/alive; done")).Expect();
        (await Docker(daemon, "run", "-d", "--name", "brief", "busybox", "sh", "-c", "while ! test -e /dev/shm/go; do usleep 50000; done; exit 9")).Expect();
        (await Docker(daemon, "run", "--name", "changed", "busybox", "sh", "-c", "head -c 3000000 /dev/urandom > /big")).Expect();
        string archive = await SharedImages.BusyboxAsync(Cancellation);
        string images = (await Docker(daemon, "images", "-aq")).Expect().Output;
        string ballast = Path.Combine(daemon.DataRoot, "ballast");
        await FillAsync(ballast);

        AssertNoSpace(await Docker(daemon, "run", "--name", "late", "-v", "/anonymous", "busybox", "true"));
        AssertNoSpace(await Docker(daemon, "commit", "changed", "committed"));
        AssertNoSpace(await Docker(daemon, "import", archive, "imported"));
        AssertNoSpace(await Docker(daemon, "cp", archive, "changed:/copy"));
        (await Docker(daemon, "logs", "--tail", "1", "writer")).Expect();
        (await Docker(daemon, "exec", "writer", "true")).Expect();
        Assert.Equal(images, (await Docker(daemon, "images", "-aq")).Expect().Output);

        // An exit on a full disk is told at once and survives a crash.
        (await Docker(daemon, "exec", "brief", "touch", "/dev/shm/go")).Expect();
        Assert.Equal("9", (await Docker(daemon, "wait", "brief")).Expect().Text);
        await daemon.KillAsync();
        await daemon.RestartAsync(Cancellation);
        Assert.Equal("exited 9", await State(daemon, "brief"));
        Assert.Equal("running 0", await State(daemon, "writer"));
        (await Docker(daemon, "stop", "-t", "0", "writer")).Expect();
        Assert.Equal("exited 137", await State(daemon, "writer"));

        // Removing makes room even when not a byte is left for the record of it.
        (await Docker(daemon, "rm", "changed")).Expect();
        File.Delete(ballast);
        Assert.Equal("fine", (await Docker(daemon, "run", "--rm", "busybox", "echo", "fine")).Expect().Text);
        (await Docker(daemon, "start", "writer")).Expect();
        // Output of the full time is lost, a line may be torn there; what is kept is readable to its end.
        string[] lines = (await Docker(daemon, "logs", "writer")).Expect().Lines;
        Assert.All(lines, static line => Assert.DoesNotContain(line, char.IsControl));
        Assert.Contains("a line of the log", lines);
        await Docker(daemon, "rm", "-f", "late");
        await Invariants.DirectoriesEqualRecordsAsync(daemon, Cancellation);
        await Invariants.NothingIsLeftAsync(daemon, Cancellation);
    }

    private static void AssertNoSpace(CommandResult result)
    {
        Assert.NotEqual(0, result.ExitCode);
        Assert.Matches("(?i)no space|full|are free", result.Error + result.Output);
        Assert.DoesNotContain("internal error", result.Error, StringComparison.Ordinal);
    }

    private static async Task<string> State(PrivateDaemon daemon, string name) =>
        (await Docker(daemon, "inspect", "-f", "{{.State.Status}} {{.State.ExitCode}}", name)).Expect().Text;

    private static async Task FillAsync(string path)
    {
        await using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.Read, 1);
        foreach (int size in (int[])[1 << 20, 4096])
        {
            byte[] zeros = new byte[size];
            try
            {
                while (true)
                    await file.WriteAsync(zeros, Cancellation);
            }
            catch (IOException)
            {
                // Full.
            }
        }
    }

    private static Task<CommandResult> Docker(PrivateDaemon daemon, params string[] arguments) => daemon.DockerAsync(arguments, cancellationToken: Cancellation);
}
