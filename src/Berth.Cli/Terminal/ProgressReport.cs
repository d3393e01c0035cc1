using System.Text;
using System.Text.Json;
using Berth.Cli.Api;
using Berth.Cli.CommandLine;

namespace Berth.Cli.Terminal;

/// <summary>
/// Shows the progress messages of a long call on standard error: a bar that is drawn over on a terminal, plain lines elsewhere.
/// The messages are JSON objects one after another: <c>{"status","id","progressDetail":{"current","total"},"stream","error"}</c>.
/// </summary>
internal sealed class ProgressReport(CommandContext context)
{
    private const int BarWidth = 30;

    private string _lastLine = "";
    private bool _drawn;

    /// <summary>Say nothing while it goes well.</summary>
    public bool Quiet { get; init; }

    /// <summary>Reads messages to the end; an error among them ends the command. Returns the texts of "stream" and final "status" messages.</summary>
    public IReadOnlyList<string> Show(Stream messages, string title)
    {
        List<string> texts = [];
        if (!Quiet && context.ErrorIsTerminal)
        {
            Draw($"{title} …");
        }
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
        var id = Text(message, "id");
        var line = id is { Length: > 0 } ? $"{title}: {id} {status}" : $"{title}: {status}";
        if (Quiet)
        {
            return;
        }
        if (context.ErrorIsTerminal)
        {
            Draw(line + Bar(message));
        }
        else if (line != _lastLine)
        {
            context.Error.WriteLine(line);
            context.Error.Flush();
        }
        _lastLine = line;
    }

    private static string Bar(JsonElement message)
    {
        if (!message.TryGetProperty("progressDetail", out var detail) || detail.ValueKind != JsonValueKind.Object
            || !detail.TryGetProperty("current", out var currentValue) || !currentValue.TryGetInt64(out var current)
            || !detail.TryGetProperty("total", out var totalValue) || !totalValue.TryGetInt64(out var total) || total <= 0 || current < 0)
        {
            return "";
        }
        var filled = (int)(Math.Min(current, total) * BarWidth / total);
        return new StringBuilder(" [").Append('=', filled).Append(' ', BarWidth - filled).Append("] ")
            .Append(Output.ByteText.Decimal(current)).Append('/').Append(Output.ByteText.Decimal(total)).ToString();
    }

    private void Draw(string line)
    {
        var columns = TerminalSize.Of(context.StdError)?.Columns ?? 80;
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
