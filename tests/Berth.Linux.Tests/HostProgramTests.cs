using Berth.Testing;

namespace Berth.Linux.Tests;

public sealed class HostProgramTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task RunAsync_LinesOfBothStreams_AreTold()
    {
        using TemporaryDirectory folder = new();
        List<string> lines = [];
        await HostProgram.RunAsync("sh", ["-c", "pwd; echo; echo \" $A $LC_ALL\" >&2; cat"], folder.Path, lines.Add, new Dictionary<string, string> { ["A"] = "1" }, Token);
        Assert.Equal([" 1 C.UTF-8", folder.Path], lines.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task RunAsync_Fails_SaysHowItEnded()
    {
        HostProgramException failure = await Assert.ThrowsAsync<HostProgramException>(() => HostProgram.RunAsync("sh", ["-c", "for i in 1 2 3 4 5 6 7; do echo line $i; done; exit 3"], "/", cancellationToken: Token));
        Assert.EndsWith("failed with exit code 3: line 2; line 3; line 4; line 5; line 6; line 7", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunAsync_IsNotThere_IsNamed() =>
        Assert.StartsWith("no-such-program is needed", (await Assert.ThrowsAsync<HostProgramException>(() => HostProgram.RunAsync("no-such-program", [], "/", cancellationToken: Token))).Message, StringComparison.Ordinal);

    [Fact]
    public async Task RunAsync_GivenUp_EndsItAndItsChildren()
    {
        using TemporaryDirectory folder = new();
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        List<int> pids = [];
        // The pipe stays open as long as the child lives, so the wait ends only when it has been killed too.
        Task run = HostProgram.RunAsync("sh", ["-c", "sleep 1000 & echo $!; echo $$; wait"], folder.Path, line =>
        {
            pids.Add(int.Parse(line));
            if (pids.Count == 2) stop.Cancel();
        }, null, stop.Token);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
        foreach (int pid in pids)
            while (Directory.Exists($"/proc/{pid}") && !File.ReadAllText($"/proc/{pid}/stat").Contains(") Z ", StringComparison.Ordinal)) await Task.Delay(20, Token);
    }

    [Fact]
    public void Find_LooksWhereProgramsAre()
    {
        Assert.NotNull(HostProgram.Find("sh"));
        Assert.Null(HostProgram.Find("no-such-program"));
    }
}
