using System.Diagnostics;
using Berth.Testing;

namespace Berth.EndToEnd.Tests;

/// <summary>The daemon killed while <c>berth compose up</c> is at work: nothing is corrupt, and the next <c>up</c> goes on.</summary>
public sealed class ComposeRecoveryTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task DaemonKilled_AtEveryStageOfUp_TheNextUpContinues()
    {
        await using PrivateDaemon daemon = await PrivateDaemon.StartAsync(Cancellation);
        ComposeProject project = new(daemon, Compose(""));
        foreach (string moment in (string[])["Network", "a-1  Created", "a-1  Started", "b1-1  Starting", "c2-1  Created"])
        {
            await KillWhenAsync(daemon, project, moment);
            (await project.Berth("up -d")).Expect();
            Assert.Equal(7, (await project.Berth("ps -q")).Expect().Lines.Length);
            await Invariants.DirectoriesEqualRecordsAsync(daemon, Cancellation);
            await project.DownAsync();
        }
        // The same while everything is replaced.
        (await project.Berth("up -d")).Expect();
        int change = 0;
        foreach (string moment in (string[])["Recreated", "Stopped", "Removed", "Renamed"])
        {
            project.Write(Compose($"change {++change}"));
            await KillWhenAsync(daemon, project, moment);
            (await project.Berth("up -d")).Expect();
            Assert.Equal(["a", "b1", "b2", "c1", "c2", "c3", "c4"], (await project.ContainersAsync()).Keys.Select(name => name[(project.Name.Length + 1)..^2]).Order());
            Assert.Equal("", (await project.Berth("up -d")).Expect().Error);
            await Invariants.DirectoriesEqualRecordsAsync(daemon, Cancellation);
        }
        await project.DownAsync();
        await Invariants.NothingIsLeftAsync(daemon, Cancellation);
    }

    private static async Task KillWhenAsync(PrivateDaemon daemon, ComposeProject project, string moment)
    {
        using Process up = Command.Start(Repository.Program("berth"), ["--no-start", .. project.Words("up", "-d")], daemon.Environment);
        up.StandardInput.Close();
        while (await up.StandardError.ReadLineAsync(Cancellation) is { } line && !line.Contains(moment, StringComparison.Ordinal))
        {
        }
        await daemon.KillAsync();
        await up.StandardError.ReadToEndAsync(Cancellation);
        await up.WaitForExitAsync(Cancellation);
        await daemon.RestartAsync(Cancellation);
    }

    private static string Compose(string change)
    {
        string Service(string name, string after) => $"  {name}: {{image: busybox, command: sleep 1000, stop_grace_period: 0s, environment: [\"X={change}\"], volumes: [\"v:/v\"], depends_on: [{after}]}}\n";
        return "services:\n" + Service("a", "") + Service("b1", "a") + Service("b2", "a") + Service("c1", "b1") + Service("c2", "b1") + Service("c3", "b2") + Service("c4", "b2, b1") + "volumes: {v: }\n";
    }
}
