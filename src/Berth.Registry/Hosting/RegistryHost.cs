using System.Security.Cryptography.X509Certificates;
using Berth.Registry.Auth;
using Berth.Registry.Http;
using Berth.Registry.Store;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Berth.Registry.Hosting;

/// <summary>A registry that serves: store, listener, and the control socket of its directory.</summary>
internal sealed class RegistryHost : IAsyncDisposable
{
    private readonly WebApplication _application;
    private readonly RegistryStore _store;
    private readonly BasicAuthentication? _users;

    private RegistryHost(RegistryOptions options, RegistryStore store, ILoggerProvider? log)
    {
        _store = store;
        var uploads = new UploadStore(store, options.MaxUploads, options.MaxBlobBytes);
        uploads.RemoveOld();
        _users = options.Htpasswd is null ? null : new BasicAuthentication(options.Htpasswd);
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        if (log is not null)
        {
            builder.Logging.AddProvider(log);
        }
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => Configure(kestrel, options, store, uploads));
        _application = builder.Build();
        var server = new RegistryServer(store, uploads, _users, options.ReadOnly, _application.Services.GetRequiredService<ILoggerFactory>().CreateLogger("registry"));
        _application.Run(context => context.Features.Get<ControlEndpoint>() is { } control
            ? control.HandleAsync(context)
            : server.HandleAsync(context));
    }

    /// <summary>Where it listens.</summary>
    public Uri Address { get; private set; } = new("http://127.0.0.1");

    /// <summary>Opens the store and begins to serve.</summary>
    /// <exception cref="IOException">The directory is in use, or the address is.</exception>
    public static async Task<RegistryHost> StartAsync(RegistryOptions options, ILoggerProvider? log, TimeProvider time, CancellationToken cancellation)
    {
        var store = new RegistryStore(options.Directory, time);
        RegistryHost? host = null;
        try
        {
            File.Delete(store.Paths.Control); // of a server that was killed: the lock is ours
            host = new RegistryHost(options, store, log);
            await host._application.StartAsync(cancellation);
            string address = host._application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First(text => !text.Contains("unix:", StringComparison.Ordinal));
            host.Address = new Uri(address);
            return host;
        }
        catch
        {
            if (host is not null)
            {
                await host.DisposeAsync();
            }
            else
            {
                store.Dispose();
            }
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        using (var patience = new CancellationTokenSource(TimeSpan.FromSeconds(5)))
        {
            await _application.StopAsync(patience.Token);
        }
        await _application.DisposeAsync();
        _users?.Dispose();
        File.Delete(_store.Paths.Control);
        _store.Dispose();
    }

    private static void Configure(KestrelServerOptions kestrel, RegistryOptions options, RegistryStore store, UploadStore uploads)
    {
        kestrel.AddServerHeader = false;
        // Uploads have bounds of their own; manifests are read up to theirs.
        kestrel.Limits.MaxRequestBodySize = null;
        kestrel.Limits.MaxConcurrentConnections = 2000;
        kestrel.Limits.MinRequestBodyDataRate = new MinDataRate(100, TimeSpan.FromSeconds(60));
        kestrel.Limits.MinResponseDataRate = new MinDataRate(100, TimeSpan.FromSeconds(60));
        X509Certificate2? certificate = options.TlsCertificate is null ? null : X509Certificate2.CreateFromPemFile(options.TlsCertificate, options.TlsKey);
        X509Certificate2Collection chain = [];
        if (certificate is not null)
        {
            chain.ImportFromPemFile(options.TlsCertificate!);
        }
        kestrel.Listen(options.Listen, listen =>
        {
            if (certificate is not null)
            {
                listen.UseHttps(https =>
                {
                    https.ServerCertificate = certificate;
                    https.ServerCertificateChain = chain;
                });
            }
        });
        var control = new ControlEndpoint(store, uploads);
        kestrel.ListenUnixSocket(store.Paths.Control, listen => listen.Use(next => connection =>
        {
            connection.Features.Set(control); // what comes by this socket is told apart by it
            return next(connection);
        }));
    }
}
