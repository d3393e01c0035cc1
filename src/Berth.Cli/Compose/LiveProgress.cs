using System.Text;
using Berth.Cli.CommandLine;
using Berth.Cli.Terminal;
using Berth.Compose.Running;

namespace Berth.Cli.Compose;

/// <summary>Progress as a block of lines, one a subject, drawn over in place. When there are more than the terminal has lines, the last ones are shown.</summary>
internal sealed class LiveProgress(CommandContext context) : IProgressSink, IDisposable
{
    private readonly Lock _lock = new();
    private readonly OrderedDictionary<string, (string Mark, string Words)> _subjects = [];
    private readonly List<string> _messages = [];
    private int _drawn;

    /// <inheritdoc/>
    public void Doing(string subject, string words) => Set(subject, context.ErrorColors.Yellow("⠿"), words);

    /// <inheritdoc/>
    public void Done(string subject, string words) => Set(subject, context.ErrorColors.Green("✔"), words);

    /// <inheritdoc/>
    public void Failed(string subject, string message)
    {
        lock (_lock)
        {
            _messages.Add($"{context.ErrorColors.Red("berth:")} {subject}: {message}");
        }
        Set(subject, context.ErrorColors.Red("✘"), "Error");
    }

    /// <inheritdoc/>
    public void Say(string subject, string line) => Set(subject, context.ErrorColors.Yellow("⠿"), line);

    /// <inheritdoc/>
    public void Warn(string message)
    {
        lock (_lock)
        {
            _messages.Add($"{context.ErrorColors.Yellow("WARNING:")} {message}");
        }
    }

    /// <summary>Prints what was collected meanwhile below the block.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _messages.ForEach(context.Error.WriteLine);
            _messages.Clear();
            context.Error.Flush();
        }
    }

    private void Set(string subject, string mark, string words)
    {
        lock (_lock)
        {
            _subjects[subject] = (mark, words);
            Draw();
        }
    }

    private void Draw()
    {
        var size = TerminalSize.Of(context.StdError) ?? new TerminalSize(24, 80);
        StringBuilder text = new();
        if (_drawn > 0)
        {
            text.Append($"\e[{_drawn}A\r");
        }
        var width = _subjects.Keys.Max(subject => subject.Length);
        var lines = _subjects.TakeLast(Math.Max(1, size.Rows - 1)).ToList();
        foreach (var (subject, (mark, words)) in lines)
        {
            var line = $" {subject.PadRight(width)}  {words}";
            text.Append(' ').Append(mark).Append(line.Length + 2 < size.Columns ? line : line[..Math.Max(0, size.Columns - 3)]).Append("\e[K\n");
        }
        _drawn = lines.Count;
        context.Error.Write(text);
        context.Error.Flush();
    }
}
