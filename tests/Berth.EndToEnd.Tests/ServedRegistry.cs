using System.Diagnostics;
using Berth.Testing;

namespace Berth.EndToEnd.Tests;

/// <summary><c>berth registry serve</c> on a free loopback port.</summary>
internal sealed class ServedRegistry : IAsyncDisposable
{
    private readonly TemporaryDirectory _folder;
    private readonly Process _process;

    private ServedRegistry(TemporaryDirectory folder, Process process, string authority) => (_folder, _process, Authority) = (folder, process, authority);

    public string Authority { get; }

    public string Directory => _folder.Combine("registry");

    /// <summary>Starts it; with <paramref name="user"/>, only that one is let in, with the password <c>secret</c>.</summary>
    public static async Task<ServedRegistry> StartAsync(string? user = null)
    {
        var folder = new TemporaryDirectory();
        string[] users = [];
        if (user is not null)
        {
            (await Command.RunAsync(Repository.Program("berth"), ["registry", "htpasswd", folder.Combine("users"), user], input: "secret\n"u8.ToArray())).Expect();
            users = ["--htpasswd", folder.Combine("users")];
        }
        Process process = Command.Start(Repository.Program("berth"), ["registry", "serve", "--listen", "127.0.0.1:0", .. users, folder.Combine("registry")]);
        string said = await process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException(await process.StandardError.ReadToEndAsync());
        return new ServedRegistry(folder, process, said[(said.LastIndexOf('/') + 1)..]);
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        _folder.Dispose();
    }
}
