using System.Text.Json;
using Berth.Cli.Api;
using Berth.Cli.CommandLine;
using Berth.Cli.Output;

namespace Berth.Cli.Terminal;

/// <summary>
/// Shows the progress messages of a long call on standard error: one line with a bar, drawn over in place. Nothing but errors is said
/// where standard error is no terminal: logs and scripts hold what a command did, not how it went.
/// The messages are JSON objects one after another: <c>{"status","id","progressDetail":{"current","total"},"stream","error"}</c>.
/// </summary>
internal sealed class ProgressReport(CommandContext context)
{
    private const int BarWidth = 30;

    private bool _draws;
    private bool _drawn;

    /// <summary>Say nothing while it goes well.</summary>
    public bool Quiet { get; init; }

    /// <summary>Reads messages to the end; an error among them ends the command. Returns the texts of "stream" and final "status" messages.</summary>
    public IReadOnlyList<string> Show(Stream messages, string title)
    {
        List<string> texts = [];
        _draws = !Quiet && context.ErrorIsTerminal;
        Draw($"{title} …", "");
        foreach (var message in JsonMessages.Read(messages))
        {
            using (message)
            {
                Handle(message.RootElement, title, texts);
            }
        }
        Clear();
        return texts;
    }

    private void Handle(JsonElement message, string title, List<string> texts)
    {
        if (Text(message, "error") is { } error)
        {
            Clear();
            throw new CliException(error, 125);
        }
        if (Text(message, "stream") is { } stream)
        {
            texts.Add(stream.TrimEnd('\n'));
            return;
        }
        if (Text(message, "status") is not { } status)
        {
            return;
        }
        texts.Add(status);
        Draw($"{title}: {status}", Bar(message));
    }

    private static string Bar(JsonElement message)
    {
        if (!message.TryGetProperty("progressDetail", out var detail) || detail.ValueKind != JsonValueKind.Object
            || !detail.TryGetProperty("current", out var currentValue) || !currentValue.TryGetInt64(out var current)
            || !detail.TryGetProperty("total", out var totalValue) || !totalValue.TryGetInt64(out var total) || total <= 0 || current < 0)
        {
            return "";
        }
        current = Math.Min(current, total);
        var filled = (int)((double)current / total * BarWidth);
        var numbers = detail.Flag("hidecounts") ? $"{100 * current / total}%" : $"{ByteText.Decimal(current)}/{ByteText.Decimal(total)}";
        return $"[{new string('=', filled)}{new string(' ', BarWidth - filled)}] {numbers,4}  ";
    }

    // The bar keeps its place at the left, so that it stands still while the words change.
    private void Draw(string words, string bar)
    {
        if (!_draws)
        {
            return;
        }
        var columns = TerminalSize.Of(context.StdError)?.Columns ?? 80;
        var line = bar + words;
        context.Error.Write($"\r{(line.Length < columns ? line : line[..(columns - 1)])}\e[K");
        context.Error.Flush();
        _drawn = true;
    }

    private void Clear()
    {
        if (_drawn)
        {
            context.Error.Write("\r\e[K");
            context.Error.Flush();
            _drawn = false;
        }
    }

    private static string? Text(JsonElement message, string name) =>
        message.ValueKind == JsonValueKind.Object && message.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
