using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Berth.Testing;

/// <summary>A repository of a test, served by git's own daemon on loopback.</summary>
public sealed class GitServer : IAsyncDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private Process _daemon = null!;

    /// <summary>Its address.</summary>
    public string Address { get; private set; } = "";

    /// <summary>Makes a repository with one commit on <c>main</c>, and serves it.</summary>
    /// <param name="files">Names and contents.</param>
    public static async Task<GitServer> StartAsync(params (string Name, string Content)[] files)
    {
        var server = new GitServer();
        await server.GitAsync("init", "-q", "-b", "main", ".");
        await server.CommitAsync(files);
        for (int attempt = 0; ; attempt++)
        {
            int port = FreePort();
            server._daemon = Command.Start("git", ["daemon", "--verbose", "--reuseaddr", "--export-all", "--listen=127.0.0.1", $"--port={port}", $"--base-path={server._directory.Path}", server._directory.Path]);
            string? line;
            while ((line = await server._daemon.StandardError.ReadLineAsync()) is not null && !line.Contains("Ready to rumble", StringComparison.Ordinal))
            {
            }
            if (line is not null)
            {
                _ = server._daemon.StandardError.ReadToEndAsync();
                server.Address = $"git://127.0.0.1:{port}/.git";
                return server;
            }
            // Somebody took the port in between.
            if (attempt == 5)
                throw new InvalidOperationException("git daemon does not start: is git installed?");
        }
    }

    /// <summary>Writes files and commits everything; gives the commit's id.</summary>
    public async Task<string> CommitAsync(params (string Name, string Content)[] files)
    {
        foreach ((string name, string content) in files)
        {
            string path = _directory.Combine(name);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            await File.WriteAllTextAsync(path, content);
        }
        await GitAsync("add", "-A");
        await GitAsync("-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "-q", "-m", "m");
        return (await GitAsync("rev-parse", "HEAD")).Text;
    }

    /// <summary>Runs git in the repository.</summary>
    public async Task<CommandResult> GitAsync(params string[] arguments) => (await Command.RunAsync("git", ["-C", _directory.Path, .. arguments])).Expect();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _daemon.Kill(entireProcessTree: true);
        await _daemon.WaitForExitAsync();
        _daemon.Dispose();
        _directory.Dispose();
    }

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}
