using Berth.Engine.Configuration;
using Berth.Testing;

namespace Berth.Engine.Tests;

public sealed class RecoveryTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Open_LeftoverThatCannotBeDeleted_StartsAllTheSame()
    {
        await using EngineFixture fixture = await EngineFixture.StartAsync();
        string kept = await fixture.CreateAsync("kept");
        string busy = Directory.CreateDirectory(Path.Combine(fixture.DataRoot, "containers", "leftover", "mounted")).FullName;
        CommandResult mounted = await Command.RunAsync("mount", ["-t", "tmpfs", "berth-test", busy], cancellationToken: Stop);
        mounted.Expect();
        try
        {
            await fixture.OpenAsync();
            Assert.Equal("created", fixture.Engine.Instances.Inspect(kept).State.Status);
        }
        finally
        {
            (await Command.RunAsync("umount", [busy], cancellationToken: CancellationToken.None)).Expect();
        }
        await fixture.OpenAsync();
        Assert.False(Directory.Exists(busy));
    }

    [Fact]
    public async Task Open_Again_RunningGoOnAndEndsAreKept()
    {
        await using EngineFixture fixture = await EngineFixture.StartAsync();
        string runs = await fixture.CreateAsync("runs");
        string ends = await fixture.CreateAsync("ends");
        string made = await fixture.CreateAsync("made");
        await fixture.Engine.Instances.StartAsync(runs, Stop);
        await fixture.Engine.Instances.StartAsync(ends, Stop);
        await fixture.Engine.DisposeAsync();
        fixture.Supervisor.End(ends, 42);
        await fixture.OpenAsync();
        Assert.Equal("running", fixture.Engine.Instances.Inspect(runs).State.Status);
        Assert.Equal(("exited", 42), (fixture.Engine.Instances.Inspect(ends).State.Status, fixture.Engine.Instances.Inspect(ends).State.ExitCode));
        Assert.Equal("created", fixture.Engine.Instances.Inspect(made).State.Status);
        Assert.Equal(1, fixture.Supervisor.Known);
    }

    [Fact]
    public async Task Open_AfterAReboot_RestartsByPolicy()
    {
        await using EngineFixture fixture = await EngineFixture.StartAsync();
        string plain = await fixture.CreateAsync();
        string always = await fixture.CreateAsync(null, new HostConfig { RestartPolicy = new RestartPolicy { Name = "always" } });
        string once = await fixture.CreateAsync(null, new HostConfig { AutoRemove = true });
        foreach (string id in (string[])[plain, always, once])
            await fixture.Engine.Instances.StartAsync(id, Stop);
        await fixture.Engine.DisposeAsync();
        fixture.Supervisor.Reboot();
        await fixture.OpenAsync();
        Assert.Equal(("exited", 255), (fixture.Engine.Instances.Inspect(plain).State.Status, fixture.Engine.Instances.Inspect(plain).State.ExitCode));
        Assert.Throws<EngineException>(() => fixture.Engine.Instances.Inspect(once));
        while (fixture.Supervisor.Starts.Count(id => id == always) < 2)
            await Task.Delay(10, Stop);
    }

    [Fact]
    public async Task Open_HalfMadeThings_AreSwept()
    {
        await using EngineFixture fixture = await EngineFixture.StartAsync();
        string lost = await fixture.CreateAsync("lost");
        await fixture.Engine.DisposeAsync();
        Directory.Delete(Path.Combine(fixture.DataRoot, "containers", lost), recursive: true);
        Directory.CreateDirectory(Path.Combine(fixture.DataRoot, "containers", "half", "upper"));
        Directory.CreateDirectory(Path.Combine(fixture.DataRoot, "volumes", "half", "_data"));
        await fixture.OpenAsync();
        Assert.Empty(fixture.Engine.Instances.List(true, 0, false, FilterSet.Empty));
        Assert.Empty(Directory.GetDirectories(Path.Combine(fixture.DataRoot, "containers")));
        Assert.Empty(Directory.GetDirectories(Path.Combine(fixture.DataRoot, "volumes")));
    }
}
