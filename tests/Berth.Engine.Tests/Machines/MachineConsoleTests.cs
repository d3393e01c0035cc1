using Berth.Engine.Configuration;
using Berth.Engine.Instances;

namespace Berth.Engine.Tests.Machines;

public sealed class MachineConsoleTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static async Task<string> ReadAsync(EngineFixture fixture, string id)
    {
        await using Attachment console = await fixture.Engine.Instances.OpenConsoleAsync(id, live: true, Cancellation);
        using var reader = new StreamReader(console.Stream);
        return await reader.ReadToEndAsync(Cancellation);
    }

    [Fact]
    public async Task OpenAsync_StoppedMachine_GivesWhatItKept()
    {
        await using EngineFixture fixture = await EngineFixture.StartAsync();
        string id = await fixture.CreateAsync(host: new HostConfig { Runtime = "vm" });
        Assert.Equal("", await ReadAsync(fixture, id));
        string directory = Directory.CreateDirectory(Path.Combine(fixture.DataRoot, "containers", id, "vm")).FullName;
        await File.WriteAllTextAsync(Path.Combine(directory, "console.log"), "Linux version", Cancellation);
        Assert.Equal("Linux version", await ReadAsync(fixture, id));
    }

    [Fact]
    public async Task OpenAsync_LinkInPlaceOfTheLog_IsNotFollowed()
    {
        await using EngineFixture fixture = await EngineFixture.StartAsync();
        string id = await fixture.CreateAsync(host: new HostConfig { Runtime = "vm" });
        string directory = Directory.CreateDirectory(Path.Combine(fixture.DataRoot, "containers", id, "vm")).FullName;
        File.CreateSymbolicLink(Path.Combine(directory, "console.log"), "/etc/passwd");
        Assert.Equal("", await ReadAsync(fixture, id));
    }

    [Fact]
    public async Task OpenAsync_Container_IsToldWhatItHasInstead()
    {
        await using EngineFixture fixture = await EngineFixture.StartAsync();
        string id = await fixture.CreateAsync();
        EngineException refused = await Assert.ThrowsAsync<EngineException>(() => fixture.Engine.Instances.OpenConsoleAsync(id, live: true, Cancellation));
        Assert.Equal(EngineErrorKind.NotImplemented, refused.Kind);
        Assert.Contains("attach or logs", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Create_Machine_ShowsItsMemoryAndTakesNoVolumesOfTheImage()
    {
        await using EngineFixture fixture = await EngineFixture.StartAsync();
        string id = await fixture.CreateAsync(host: new HostConfig { Runtime = "vm" });
        InstanceInspect shown = fixture.Engine.Instances.Inspect(id, size: true);
        Assert.Equal(("vm", 512L << 20, "disk", 0L), (shown.HostConfig.Runtime, shown.HostConfig.Memory, shown.GraphDriver.Name, shown.SizeRw));
        Assert.Empty(shown.Mounts);
        Assert.False(Directory.Exists(Path.Combine(fixture.DataRoot, "containers", id, "upper")));
    }
}
