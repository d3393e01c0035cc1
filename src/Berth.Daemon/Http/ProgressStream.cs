using System.Threading.Channels;
using Berth.Engine;
using Berth.Images;

namespace Berth.Daemon.Http;

/// <summary>
/// The answer of a long image operation: one JSON object after another as work goes on. An error before the first object is an
/// ordinary refusal, later it is told in the stream.
/// </summary>
internal sealed class ProgressStream : IProgress<ImageProgress>
{
    private readonly Channel<ProgressLine> _lines = Channel.CreateUnbounded<ProgressLine>(new UnboundedChannelOptions { SingleReader = true });
    private readonly ProgressPace _pace = new();

    /// <summary>Runs <paramref name="work"/> and sends what it reports.</summary>
    public static async Task RunAsync(ApiCall call, Func<ProgressStream, Task> work)
    {
        var progress = new ProgressStream();
        Task running = progress.RunToEndAsync(work);
        await foreach (ProgressLine line in progress._lines.Reader.ReadAllAsync(CancellationToken.None))
        {
            await WriteAsync(call, line);
        }
        await EndAsync(call, running);
    }

    /// <summary>Tells a failure that came after the first object.</summary>
    public static async Task EndAsync(ApiCall call, Task running)
    {
        try
        {
            await running;
        }
        catch (Exception exception) when (call.Http.Response.HasStarted && exception is not OperationCanceledException)
        {
            string message = ErrorTable.Describe(exception).Message;
            int? code = exception is EngineException { ExitCode: > 0 and var exit } ? exit : null;
            await WriteAsync(call, new ProgressLine { Error = message, ErrorDetail = new ProgressError(message, code) });
        }
    }

    /// <summary>Sends a line.</summary>
    public void Send(ProgressLine line) => _lines.Writer.TryWrite(line);

    /// <summary>Sends a step of the store's; counters of one item no faster than a terminal can show.</summary>
    public void Report(ImageProgress value)
    {
        if (_pace.IsDue(value))
        {
            Send(Line(value));
        }
    }

    /// <summary>A step of the store's as a line.</summary>
    public static ProgressLine Line(ImageProgress value) => new()
    {
        Id = value.Id,
        Status = value.Status,
        ProgressDetail = value.Total > 0 || value.Current > 0 ? new ProgressDetail(value.Current, value.Total, value.Percent ? true : null) : null,
        Progress = value.Total > 0 ? Bar(value) : null,
    };

    private async Task RunToEndAsync(Func<ProgressStream, Task> work)
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

    /// <summary>Writes one object; the first begins the answer.</summary>
    public static async Task WriteAsync(ApiCall call, ProgressLine line)
    {
        if (!call.Http.Response.HasStarted)
        {
            await call.StartStream("application/json");
        }
        await ApiCall.SendLine(call.Http.Response.Body, line, ApiJson.Wire.ProgressLine, call.Stopping);
    }

    // The bar that older clients print as it comes.
    private static string Bar(ImageProgress value)
    {
        int done = (int)Math.Clamp(50 * value.Current / value.Total, 0, 50);
        return $"[{new string('=', done)}{(done < 50 ? ">" : "")}{new string(' ', Math.Max(0, 49 - done))}] {(value.Percent ? $"{100 * value.Current / value.Total}%" : $"{Size(value.Current)}/{Size(value.Total)}")}";
    }

    private static string Size(long bytes) => bytes switch
    {
        >= 1_000_000_000 => $"{bytes / 1e9:0.###}GB",
        >= 1_000_000 => $"{bytes / 1e6:0.##}MB",
        >= 1_000 => $"{bytes / 1e3:0.##}kB",
        _ => $"{bytes}B",
    };
}
