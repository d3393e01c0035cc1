using Berth.Cli.CommandLine;
using Berth.Compose.Running;

namespace Berth.Cli.Compose;

/// <summary>Progress as lines on standard error.</summary>
internal sealed class PlainProgress(CommandContext context) : IProgressSink
{
    private readonly Lock _lock = new();

    /// <inheritdoc/>
    public void Doing(string subject, string words) => Write($" {subject}  {words}");

    /// <inheritdoc/>
    public void Done(string subject, string words) => Write($" {subject}  {words}");

    /// <inheritdoc/>
    public void Failed(string subject, string message) => Write($" {subject}  {context.ErrorColors.Red("Error:")} {message}");

    /// <inheritdoc/>
    public void Say(string subject, string line) => Write($" {subject}  {line}");

    /// <inheritdoc/>
    public void Warn(string message) => Write($"{context.ErrorColors.Yellow("WARNING:")} {message}");

    private void Write(string line)
    {
        lock (_lock)
        {
            context.Error.WriteLine(line);
            context.Error.Flush();
        }
    }
}
