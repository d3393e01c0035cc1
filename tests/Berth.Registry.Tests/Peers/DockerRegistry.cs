using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Berth.Testing;

namespace Berth.Registry.Tests.Peers;

/// <summary>Debian's docker-registry on a free loopback port.</summary>
internal sealed class DockerRegistry : IAsyncDisposable
{
    private readonly TemporaryDirectory _folder;
    private readonly Process _process;

    private DockerRegistry(TemporaryDirectory folder, Process process, string authority) => (_folder, _process, Authority) = (folder, process, authority);

    public string Authority { get; }

    /// <summary>Starts it, with users if there is an htpasswd file, with TLS if there are a certificate and a key.</summary>
    public static async Task<DockerRegistry> StartAsync(string? htpasswd = null, (string Certificate, string Key)? tls = null)
    {
        var folder = new TemporaryDirectory();
        int port = FreePort();
        string auth = htpasswd is null ? "" : $"auth: {{htpasswd: {{realm: test, path: {htpasswd}}}}}\n";
        string files = tls is { } pair ? $", tls: {{certificate: {pair.Certificate}, key: {pair.Key}}}" : "";
        await File.WriteAllTextAsync(folder.Combine("config.yml"),
            $"version: 0.1\nlog: {{level: error}}\nstorage: {{filesystem: {{rootdirectory: {folder.Combine("data")}}}, delete: {{enabled: true}}}}\nhttp: {{addr: '127.0.0.1:{port}'{files}}}\n{auth}");
        Process process = Command.Start("docker-registry", ["serve", folder.Combine("config.yml")]);
        process.OutputDataReceived += static (_, _) => { };
        process.ErrorDataReceived += static (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        var registry = new DockerRegistry(folder, process, $"127.0.0.1:{port}");
        for (long until = Environment.TickCount64 + 30_000; ; await Task.Delay(20))
        {
            try
            {
                using var probe = new TcpClient();
                await probe.ConnectAsync(IPAddress.Loopback, port);
                return registry;
            }
            catch (SocketException) when (!process.HasExited && Environment.TickCount64 < until)
            {
                // Not listening yet.
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        _folder.Dispose();
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
