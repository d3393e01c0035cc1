using Berth.Testing;

namespace Berth.EndToEnd.Tests;

/// <summary>One private daemon for the tests of a class.</summary>
public sealed class DaemonFixture : IAsyncLifetime
{
    private PrivateDaemon? _daemon;

    public PrivateDaemon Daemon => _daemon ?? throw new InvalidOperationException("the daemon has not been started");

    public async ValueTask InitializeAsync() => _daemon = await PrivateDaemon.StartAsync();

    public async ValueTask DisposeAsync()
    {
        if (_daemon is not null)
            await _daemon.DisposeAsync();
    }
}
