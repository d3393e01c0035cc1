using Berth.Linux;

namespace Berth.Cli.Api;

/// <summary>Where the daemon listens and keeps its files: flags first, then environment, then the defaults.</summary>
/// <param name="Socket">Path of the daemon's unix socket.</param>
/// <param name="DataRoot">State that survives a reboot.</param>
/// <param name="RunRoot">Sockets, pid files, the daemon's own log.</param>
internal sealed record BerthPaths(string Socket, string DataRoot, string RunRoot)
{
    /// <summary>Combines the global flags with BERTH_HOST, BERTH_DATA_ROOT and BERTH_RUN_ROOT.</summary>
    public static BerthPaths Resolve(string? host, string? dataRoot, string? runRoot, Func<string, string?> environment)
    {
        dataRoot = Absolute(dataRoot ?? NotEmpty(environment("BERTH_DATA_ROOT")) ?? "/var/lib/berth");
        runRoot = Absolute(runRoot ?? NotEmpty(environment("BERTH_RUN_ROOT")) ?? "/run/berth");
        host ??= NotEmpty(environment("BERTH_HOST"));
        var socket = host is null ? $"{runRoot}/berth.sock" : SocketPath(host);
        if (socket.Length > Libc.MaxSocketPath)
        {
            throw new CliException($"the socket's path is longer than {Libc.MaxSocketPath} characters: {socket}. Choose a shorter one with --host unix:///…");
        }
        return new BerthPaths(socket, dataRoot, runRoot);
    }

    private static string SocketPath(string host)
    {
        if (host.StartsWith("unix://", StringComparison.Ordinal) && host.Length > "unix://".Length)
        {
            return Absolute(host["unix://".Length..]);
        }
        throw host.StartsWith('/')
            ? new CliException($"--host takes an address, not a path: unix://{host}")
            : new CliException($"--host {host}: berth speaks to unix sockets only, as unix:///run/berth/berth.sock");
    }

    private static string Absolute(string path) => Path.GetFullPath(path);

    private static string? NotEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;
}
