using Berth.Testing;

namespace Berth.EndToEnd.Tests;

/// <summary>A compose file of the test's own and both programs that act on it.</summary>
internal sealed class ComposeProject
{
    private readonly PrivateDaemon _daemon;

    public ComposeProject(PrivateDaemon daemon, string compose)
    {
        _daemon = daemon;
        Name = "c" + Guid.NewGuid().ToString("n")[..12];
        Folder = Directory.CreateDirectory(Path.Combine(daemon.Scratch, Name)).FullName;
        Write(compose);
    }

    public string Name { get; }

    public string Folder { get; }

    private string File => Path.Combine(Folder, "compose.yaml");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Replaces the file.</summary>
    public void Write(string compose) => System.IO.File.WriteAllText(File, compose);

    /// <summary>Words of a call of Berth's own compose.</summary>
    public string[] Words(params string[] arguments) => ["compose", "-f", File, "-p", Name, .. arguments];

    /// <summary>Runs <c>berth compose</c>, its arguments split at spaces.</summary>
    public Task<CommandResult> Berth(string arguments) => Berth(arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries));

    public Task<CommandResult> Berth(params string[] arguments) => _daemon.BerthAsync(Words(arguments), cancellationToken: Cancellation);

    /// <summary>Runs Debian's docker-compose, its arguments split at spaces.</summary>
    public Task<CommandResult> DockerCompose(string arguments) => DockerCompose(arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries));

    public Task<CommandResult> DockerCompose(params string[] arguments) =>
        Command.RunAsync("docker-compose", ["-f", File, "-p", Name, .. arguments], _daemon.Environment, cancellationToken: Cancellation);

    /// <summary>Ids of its containers by name.</summary>
    public async Task<Dictionary<string, string>> ContainersAsync() =>
        (await _daemon.DockerAsync(["ps", "-a", "--no-trunc", "--filter", $"label=com.docker.compose.project={Name}", "--format", "{{.Names}} {{.ID}}"], cancellationToken: Cancellation))
        .Expect().Lines.Select(static line => line.Split(' ')).ToDictionary(static parts => parts[0], static parts => parts[1]);

    /// <summary>Takes it down with its volumes; then the engine has nothing of it.</summary>
    public async Task DownAsync()
    {
        (await Berth("down -v -t 1 --remove-orphans")).Expect();
        foreach (string kind in (string[])["container", "network", "volume"])
            Assert.DoesNotContain(Name, (await _daemon.DockerAsync([kind, "ls", .. kind == "container" ? (string[])["-a"] : []], cancellationToken: Cancellation)).Expect().Output);
        Assert.Empty((await _daemon.DockerAsync(["volume", "ls", "-q", "--filter", "dangling=true"], cancellationToken: Cancellation)).Expect().Output);
    }
}
