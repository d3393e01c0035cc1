using System.Diagnostics;
using System.Text.Json;
using Berth.Cli.Api;
using Berth.Cli.CommandLine;
using Berth.Cli.Output;
using Berth.Cli.Terminal;

namespace Berth.Cli.Building;

/// <summary>
/// Shows a build on standard error. On a terminal what is done stands still and what runs is drawn over in place with its last lines; elsewhere
/// every line is written once, with its step's number.
/// </summary>
internal sealed class BuildReport(CommandContext context)
{
    private const int TailLines = 5;

    private readonly SortedDictionary<long, Running> _running = [];
    private int _drawn;

    /// <summary>Say nothing while it goes well.</summary>
    public bool Quiet { get; init; }

    /// <summary>Write lines even on a terminal.</summary>
    public bool Plain { get; init; }

    private bool Draws => !Quiet && !Plain && context.ErrorIsTerminal;

    /// <summary>Reads messages to the end; the result is the image's id.</summary>
    /// <exception cref="CliException">The build failed.</exception>
    public string Show(Stream messages)
    {
        var id = "";
        foreach (var message in JsonMessages.Read(messages))
        {
            using (message)
            {
                var root = message.RootElement;
                if (root.Text("error") is { Length: > 0 } error)
                {
                    Fail(root, error);
                }
                if (root.Field("aux").Text("ID") is { Length: > 0 } built)
                {
                    id = built;
                }
                if (!Quiet)
                {
                    Take(root);
                }
            }
        }
        Clear();
        return id.Length > 0 ? id : throw new CliException("the daemon ended the build without an answer: see berth daemon logs");
    }

    private void Take(JsonElement message)
    {
        var step = message.Field("step");
        if (step.ValueKind != JsonValueKind.Object)
        {
            TakeText(message);
            return;
        }
        var number = step.Number("number");
        switch (step.Text("state"))
        {
            case "started":
                _running[number] = new Running(Title(step), Stopwatch.GetTimestamp());
                WriteLine($"#{number} {step.Text("text")}");
                break;
            case "output" when _running.TryGetValue(number, out var running):
                foreach (var line in message.Text("stream").TrimEnd('\n').Split('\n'))
                {
                    running.Keep(Clean(line));
                    WriteLine($"#{number} {Clean(line)}");
                }
                break;
            case "cached" when _running.TryGetValue(number, out var running):
                running.IsCached = true;
                break;
            case "done" when _running.Remove(number, out var running):
                Finish(number, running);
                break;
        }
        Draw();
    }

    private void TakeText(JsonElement message)
    {
        if (message.Text("stream") is { Length: > 0 } stream)
        {
            Clear();
            context.Error.Write(stream);
        }
        else if (Draws && message.Text("status") is { Length: > 0 } status && _running.Count > 0)
        {
            var (done, total) = (message.Field("progressDetail").Number("current"), message.Field("progressDetail").Number("total"));
            _running.Last().Value.Note = total > 0 ? $"{status} {message.Text("id")} {ByteText.Decimal(done)}/{ByteText.Decimal(total)}" : status;
            Draw();
        }
    }

    private void Finish(long number, Running running)
    {
        var took = Stopwatch.GetElapsedTime(running.Since).TotalSeconds;
        if (Draws)
        {
            Clear();
            context.Error.WriteLine($"{context.ErrorColors.Green("✔")} {running.Title} {context.ErrorColors.Dim(running.IsCached ? "cached" : $"{took:0.0}s")}");
            return;
        }
        WriteLine(running.IsCached ? $"#{number} CACHED" : $"#{number} DONE {took:0.0}s");
    }

    // What a failed command wrote last stays in sight.
    private void Fail(JsonElement message, string error)
    {
        Clear();
        if (Draws)
        {
            foreach (var running in _running.Values.Where(running => running.Tail.Count > 0))
            {
                context.Error.WriteLine($"{context.ErrorColors.Red("✘")} {running.Title}");
                running.Tail.ForEach(line => context.Error.WriteLine($"  {line}"));
            }
        }
        var code = message.Field("errorDetail").Number("code");
        throw new CliException(error, code is > 0 and < 256 ? (int)code : 1);
    }

    private void WriteLine(string line)
    {
        if (!Draws)
        {
            context.Error.WriteLine(line);
            context.Error.Flush();
        }
    }

    private void Draw()
    {
        if (!Draws)
        {
            return;
        }
        Clear();
        var columns = Math.Max(20, TerminalSize.Of(context.StdError)?.Columns ?? 80);
        foreach (var running in _running.Values)
        {
            Put(context.ErrorColors.Bold("»"), $" {running.Title}", columns);
            foreach (var line in running.Note is { } note ? [note] : running.Tail.TakeLast(TailLines))
            {
                Put(" ", $"  {line}", columns);
            }
        }
        context.Error.Flush();
    }

    private void Put(string mark, string text, int columns)
    {
        context.Error.Write($"{mark}{(text.Length < columns - 1 ? text : text[..(columns - 2)])}\e[K\n");
        _drawn++;
    }

    private void Clear()
    {
        if (_drawn > 0)
        {
            context.Error.Write($"\e[{_drawn}A\e[J");
            _drawn = 0;
        }
    }

    private static string Title(JsonElement step)
    {
        var stage = step.Text("stage") is { Length: > 0 } name ? $"{name}: " : "";
        return $"[{step.Number("number")}/{step.Number("total")}] {stage}{Clean(step.Text("text"))}";
    }

    // What a build's commands write must not move this terminal's cursor.
    private static string Clean(string line) => string.Concat(line[(line.TrimEnd('\r').LastIndexOf('\r') + 1)..].Select(c => c == '\t' ? ' ' : c).Where(c => !char.IsControl(c)));

    private sealed class Running(string title, long since)
    {
        public string Title { get; } = title;

        public long Since { get; } = since;

        public bool IsCached { get; set; }

        public string? Note { get; set; }

        public List<string> Tail { get; } = [];

        public void Keep(string line)
        {
            Note = null;
            Tail.Add(line);
            if (Tail.Count > 40)
            {
                Tail.RemoveAt(0);
            }
        }
    }
}
