using System.Text;
using System.Threading.Channels;
using Berth.Engine.Builds;
using Berth.Images;

namespace Berth.Daemon.Http;

/// <summary>
/// The answer of a build in the words of Docker's classic builder. Lines of stages that run beside each other begin with their step's number.
/// With <paramref name="showsSteps"/>, for Berth's own client, steps are objects instead of text.
/// </summary>
internal sealed class BuildStream(bool quiet, bool showsSteps) : IBuildProgress
{
    private const int MaxLine = 16 * 1024;

    // Bounded: a command that writes without end waits for a client that reads slowly.
    private readonly Channel<ProgressLine> _lines = Channel.CreateBounded<ProgressLine>(new BoundedChannelOptions(256) { SingleReader = true });
    private readonly Dictionary<(int Step, bool IsError), (Decoder Decoder, StringBuilder Line)> _texts = [];
    private readonly ProgressPace _pace = new();

    /// <inheritdoc/>
    public bool HasStages { get; set; }

    /// <summary>Runs <paramref name="work"/> and sends what it tells.</summary>
    public static async Task RunAsync(ApiCall call, BuildStream progress, Func<BuildStream, Task> work)
    {
        Task running = progress.RunToEndAsync(work);
        try
        {
            await foreach (ProgressLine line in progress._lines.Reader.ReadAllAsync(CancellationToken.None))
                await ProgressStream.WriteAsync(call, line);
        }
        catch
        {
            // The client is gone. The build learns of that by its token; until it has ended, who reports to it must not wait.
            await foreach (ProgressLine _ in progress._lines.Reader.ReadAllAsync(CancellationToken.None))
            {
            }
            throw;
        }
        await ProgressStream.EndAsync(call, running);
    }

    /// <summary>Sends a line; waits while too many are on their way.</summary>
    public ValueTask SendAsync(ProgressLine line) => _lines.Writer.WriteAsync(line);

    /// <inheritdoc/>
    public ValueTask BeginAsync(BuildStep step) => StepAsync(step, "started", $"Step {step.Number}/{step.Total} : {step.Text}\n");

    /// <inheritdoc/>
    public ValueTask CachedAsync(BuildStep step) => StepAsync(step, "cached", Prefixed(step, " ---> Using cache\n"));

    /// <inheritdoc/>
    public ValueTask RunningAsync(BuildStep step, string id) => StepAsync(step, "running", Prefixed(step, $" ---> Running in {id[..12]}\n"));

    /// <inheritdoc/>
    public async ValueTask DoneAsync(BuildStep step, string layer)
    {
        string rest = Rest(step, isError: false) + Rest(step, isError: true);
        if (rest.Length > 0)
            await TextAsync(step, rest);
        await StepAsync(step, "done", Prefixed(step, $" ---> {layer}\n"));
    }

    /// <inheritdoc/>
    public ValueTask WarnAsync(string text) => quiet ? ValueTask.CompletedTask : SendAsync(new ProgressLine { Stream = $"[Warning] {text}\n" });

    /// <inheritdoc/>
    public ValueTask OutputAsync(BuildStep step, bool isError, ReadOnlyMemory<byte> bytes)
    {
        if (quiet)
            return ValueTask.CompletedTask;
        string text;
        lock (_texts)
        {
            (Decoder decoder, StringBuilder rest) = Text(step, isError);
            char[] characters = new char[Encoding.UTF8.GetMaxCharCount(bytes.Length)];
            rest.Append(characters, 0, decoder.GetChars(bytes.Span, characters, flush: false));
            text = rest.ToString();
            // Whole lines, so that those of different commands do not mix within one.
            int end = text.Length > MaxLine ? text.Length : text.LastIndexOf('\n') + 1;
            rest.Clear().Append(text, end, text.Length - end);
            text = text[..end];
        }
        return text.Length == 0 ? ValueTask.CompletedTask : TextAsync(step, text);
    }

    /// <inheritdoc/>
    public void Report(ImageProgress value)
    {
        if (!quiet && _pace.IsDue(value))
            _lines.Writer.TryWrite(ProgressStream.Line(value));
    }

    private ValueTask StepAsync(BuildStep step, string state, string text)
    {
        if (quiet)
            return ValueTask.CompletedTask;
        return SendAsync(showsSteps
            ? new ProgressLine { Step = new StepView(step.Number, step.Total, HasStages ? step.Stage : null, state, step.Text) }
            : new ProgressLine { Stream = text });
    }

    private ValueTask TextAsync(BuildStep step, string text) => SendAsync(showsSteps
        ? new ProgressLine { Stream = text, Step = new StepView(step.Number, step.Total, HasStages ? step.Stage : null, "output", null) }
        : new ProgressLine { Stream = Prefixed(step, text) });

    private string Prefixed(BuildStep step, string text)
    {
        if (!HasStages)
            return text;
        string prefix = $"#{step.Number} ";
        return prefix + text[..^1].Replace("\n", "\n" + prefix, StringComparison.Ordinal) + text[^1];
    }

    private string Rest(BuildStep step, bool isError)
    {
        lock (_texts)
            return _texts.Remove((step.Number, isError), out var text) && text.Line.Length > 0 ? text.Line.Append('\n').ToString() : "";
    }

    private (Decoder Decoder, StringBuilder Line) Text(BuildStep step, bool isError) => _texts.TryGetValue((step.Number, isError), out var known)
        ? known
        : _texts[(step.Number, isError)] = (Encoding.UTF8.GetDecoder(), new StringBuilder());

    private async Task RunToEndAsync(Func<BuildStream, Task> work)
    {
        try
        {
            await work(this);
        }
        finally
        {
            _lines.Writer.Complete();
        }
    }
}
