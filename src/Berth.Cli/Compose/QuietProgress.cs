using Berth.Cli.CommandLine;
using Berth.Compose.Running;

namespace Berth.Cli.Compose;

/// <summary>Says nothing but what fails and warnings.</summary>
internal sealed class QuietProgress(CommandContext context) : IProgressSink
{
    private readonly PlainProgress _plain = new(context);

    /// <inheritdoc/>
    public void Doing(string subject, string words) { }

    /// <inheritdoc/>
    public void Done(string subject, string words) { }

    /// <inheritdoc/>
    public void Failed(string subject, string message) => _plain.Failed(subject, message);

    /// <inheritdoc/>
    public void Say(string subject, string line) { }

    /// <inheritdoc/>
    public void Warn(string message) => _plain.Warn(message);
}
