using System.Net;
using Berth.Daemon.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Berth.Daemon.Hosting;

/// <summary>The API's listener: Kestrel without a host around it, every connection open to being taken over.</summary>
internal sealed class ApiListener : IAsyncDisposable
{
    private readonly KestrelServer _server;
    private readonly CancellationTokenSource _stopping = new();

    private ApiListener(IReadOnlyList<EndPoint> endpoints, ILoggerFactory logs)
    {
        var options = new KestrelServerOptions { AddServerHeader = false, AllowSynchronousIO = true };
        options.Limits.MaxRequestBodySize = StrictJson.MaxBytes;
        options.Limits.MaxRequestLineSize = 64 * 1024;
        options.Limits.MaxRequestHeadersTotalSize = 64 * 1024;
        // A paused pipe at the other end of an upload or of a log is no attack on a local socket.
        options.Limits.MinRequestBodyDataRate = null;
        options.Limits.MinResponseDataRate = null;
        foreach (EndPoint endpoint in endpoints)
        {
            if (endpoint is IPEndPoint address)
            {
                options.Listen(address, Configure);
            }
            else
            {
                options.ListenUnixSocket(endpoint.ToString()!, Configure);
            }
        }
        var transport = new SocketTransportFactory(
            Options.Create(new SocketTransportOptions { CreateBoundListenSocket = SocketFile.Bind, Backlog = 1024 }), logs);
        _server = new KestrelServer(Options.Create(options), transport, logs);
    }

    /// <summary>Binds, listens and serves <paramref name="routes"/>.</summary>
    public static async Task<ApiListener> StartAsync(
        IReadOnlyList<EndPoint> endpoints, IReadOnlyList<Route> routes, ILoggerFactory logs, CancellationToken cancellationToken)
    {
        var listener = new ApiListener(endpoints, logs);
        await listener._server.StartAsync(new ApiServer(new Router(routes), logs.CreateLogger("Berth.Daemon.Api")), cancellationToken);
        return listener;
    }

    /// <summary>Stops accepting, ends long answers, gives the others a moment.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(3));
        await _server.StopAsync(patience.Token);
        _server.Dispose();
        _stopping.Dispose();
    }

    private void Configure(ListenOptions listen)
    {
        listen.Protocols = HttpProtocols.Http1;
        listen.Use(next => async connection =>
        {
            await using var hijackable = new HijackableConnection(connection, _stopping.Token);
            await next(hijackable);
        });
    }
}
