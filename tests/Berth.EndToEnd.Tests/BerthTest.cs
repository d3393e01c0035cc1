using Berth.Testing;

namespace Berth.EndToEnd.Tests;

/// <summary>Base of tests that drive a private daemon with Berth's own CLI.</summary>
public abstract class BerthTest(DaemonFixture fixture) : IClassFixture<DaemonFixture>
{
    protected PrivateDaemon Daemon { get; } = fixture.Daemon;

    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>A name that no other test uses.</summary>
    protected static string NewName() => "b" + Guid.NewGuid().ToString("n")[..12];

    /// <summary>Runs <c>berth</c> with arguments split at spaces; use the array form where an argument holds one.</summary>
    protected Task<CommandResult> Berth(string arguments) => Berth(arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries));

    protected Task<CommandResult> Berth(params string[] arguments) => Daemon.BerthAsync(arguments, cancellationToken: Cancellation);

    protected Task<CommandResult> BerthWithInput(byte[] input, params string[] arguments) => Daemon.BerthAsync(arguments, input, Cancellation);

    /// <summary>Runs <c>berth</c> on a terminal; its output comes as the terminal shows it.</summary>
    protected Task<CommandResult> BerthOnTerminal(string arguments) =>
        Command.RunAsync("script", ["-qec", $"{Repository.Program("berth")} {arguments}", "/dev/null"], Daemon.Environment, cancellationToken: Cancellation);
}
