using System.Formats.Tar;
using Berth.Engine.Configuration;
using Berth.Testing;

namespace Berth.Engine.Tests;

/// <summary>An engine on a fresh data root with a one-file image <c>tiny</c> and a fake supervisor.</summary>
internal sealed class EngineFixture : IAsyncDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private BerthEngine? _engine;

    public EngineFixture() => Supervisor = new FakeSupervisor(TimeProvider.System);

    public FakeSupervisor Supervisor { get; }

    public BerthEngine Engine => _engine!;

    public string DataRoot => _directory.Combine("data");

    public static async Task<EngineFixture> StartAsync()
    {
        Requires.Root();
        var fixture = new EngineFixture();
        await fixture.OpenAsync();
        using var tar = new MemoryStream();
        using (var writer = new TarWriter(tar, TarEntryFormat.Pax, leaveOpen: true))
            writer.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, "file") { DataStream = new MemoryStream([1, 2, 3]) });
        tar.Position = 0;
        await fixture.Engine.Images.ImportAsync(tar, "tiny", null, null, ["CMD [\"/file\"]"], TestContext.Current.CancellationToken);
        return fixture;
    }

    public async Task OpenAsync()
    {
        if (_engine is not null)
            await _engine.DisposeAsync();
        var options = new EngineOptions { DataRoot = DataRoot, RunRoot = _directory.Combine("run"), CgroupParent = "/berth-test-none" };
        _engine = await BerthEngine.StartAsync(options, Supervisor, null, null, TimeProvider.System, TestContext.Current.CancellationToken);
    }

    public async Task<string> CreateAsync(string? name = null, HostConfig? host = null, InstanceConfig? config = null)
    {
        var request = new CreateRequest
        {
            Name = name,
            Config = (config ?? new InstanceConfig()) with { Image = "tiny" },
            HostConfig = (host ?? new HostConfig()) with { NetworkMode = "none" },
        };
        return (await Engine.Instances.CreateAsync(request, TestContext.Current.CancellationToken)).Id;
    }

    public async ValueTask DisposeAsync()
    {
        if (_engine is not null)
            await _engine.DisposeAsync();
        _directory.Dispose();
    }
}
