using Berth.Testing;

namespace Berth.EndToEnd.Tests;

/// <summary>A private daemon with a kernel.</summary>
public sealed class VmBuildFixture : IAsyncLifetime
{
    private PrivateDaemon? _daemon;

    public PrivateDaemon Daemon => _daemon ?? throw new InvalidOperationException("the daemon has not been started");

    /// <summary>The default kernel's release.</summary>
    public string Release { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        _daemon = await PrivateDaemon.StartAsync();
        await VmFixture.ProvideKernelAsync(_daemon);
        Release = (await _daemon.BerthAsync(["kernel", "ls", "--format", "{{.Release}}"])).Expect().Text;
    }

    public async ValueTask DisposeAsync()
    {
        if (_daemon is not null)
            await _daemon.DisposeAsync();
    }
}
