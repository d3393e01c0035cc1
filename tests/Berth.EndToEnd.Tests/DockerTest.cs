using Berth.Testing;

namespace Berth.EndToEnd.Tests;

/// <summary>Base of tests that drive a private daemon with the stock docker CLI.</summary>
public abstract class DockerTest(DaemonFixture fixture) : IClassFixture<DaemonFixture>
{
    protected PrivateDaemon Daemon { get; } = fixture.Daemon;

    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>A container name that no other test uses.</summary>
    protected static string NewName() => "t" + Guid.NewGuid().ToString("n")[..12];

    /// <summary>Runs <c>docker</c> with arguments split at spaces; use the array form where an argument holds one.</summary>
    protected Task<CommandResult> Docker(string arguments) => Docker(arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries));

    protected Task<CommandResult> Docker(params string[] arguments) => Daemon.DockerAsync(arguments, cancellationToken: Cancellation);

    protected Task<CommandResult> DockerWithInput(byte[] input, params string[] arguments) => Daemon.DockerAsync(arguments, input, Cancellation);

    /// <summary>Runs a shell command line in a fresh busybox container and returns the result.</summary>
    protected Task<CommandResult> RunShell(string options, string script) =>
        Docker([.. ("run --rm " + options).Split(' ', StringSplitOptions.RemoveEmptyEntries), "busybox", "sh", "-c", script]);

    /// <summary>One field of <c>docker inspect</c>.</summary>
    protected async Task<string> Inspect(string name, string template) => (await Docker("inspect", "-f", template, name)).Expect().Text;

    /// <summary>Waits for a field of <c>docker inspect</c> to become <paramref name="expected"/>; fails with the last value seen.</summary>
    protected async Task WaitForAsync(string name, string template, string expected)
    {
        string seen = "";
        for (long until = Environment.TickCount64 + 60_000; Environment.TickCount64 < until; await Task.Delay(50, Cancellation))
        {
            seen = await Inspect(name, template);
            if (seen == expected)
                return;
        }
        Assert.Fail($"{template} of {name} is '{seen}', expected '{expected}'");
    }
}
