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

    // How far each item is, by what is being done with it: layers come in beside each other, and the bar shows them together.
    private readonly Dictionary<string, Dictionary<string, (long Current, long Total)>> _items = [];
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
        if (Measure(message) is { } measure)
        {
            Draw($"{title}: {status}", Bar(message, Together(status, Text(message, "id") ?? "", measure)));
        }
        else if (Text(message, "id") is null || _items.Count == 0)
        {
            Draw($"{title}: {status}", "");
        }
    }

    private static (long Current, long Total)? Measure(JsonElement message) =>
        message.TryGetProperty("progressDetail", out var detail) && detail.ValueKind == JsonValueKind.Object
            && detail.TryGetProperty("current", out var currentValue) && currentValue.TryGetInt64(out var current)
            && detail.TryGetProperty("total", out var totalValue) && totalValue.TryGetInt64(out var total) && total > 0 && current >= 0
            ? (Math.Min(current, total), total)
            : null;

    private (long Current, long Total) Together(string status, string id, (long Current, long Total) item)
    {
        var items = _items.TryGetValue(status, out var known) ? known : _items[status] = [];
        items[id] = item;
        return (items.Values.Sum(one => one.Current), items.Values.Sum(one => one.Total));
    }

    private static string Bar(JsonElement message, (long Current, long Total) sum)
    {
        var (current, total) = sum;
        var filled = (int)((double)current / total * BarWidth);
        var numbers = message.GetProperty("progressDetail").Flag("hidecounts") ? $"{100 * current / total}%" : $"{ByteText.Decimal(current)}/{ByteText.Decimal(total)}";
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
