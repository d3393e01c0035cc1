using System.Globalization;
using Microsoft.Extensions.Logging;

namespace Berth.Daemon.Hosting;

/// <summary>Logging to standard error, one line per entry and the stack of an exception after it.</summary>
internal sealed class StderrLog(LogLevel minimum, TimeProvider time) : ILoggerFactory
{
    private readonly TextWriter _output = TextWriter.Synchronized(new StreamWriter(Console.OpenStandardError()) { AutoFlush = true });

    public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName);

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException("this process logs to standard error only");

    public void Dispose() => _output.Dispose();

    private sealed class Logger(StderrLog log, string category) : ILogger
    {
        // Kestrel's own chatter about single connections is of no use to an operator.
        private readonly LogLevel _minimum = category.StartsWith("Microsoft.", StringComparison.Ordinal) && log.Minimum < LogLevel.Warning ? LogLevel.Warning : log.Minimum;

        private readonly string _category = category[(category.LastIndexOf('.') + 1)..];

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= _minimum && logLevel != LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (!IsEnabled(logLevel))
            {
                return;
            }
            string time = log.Time.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
            string level = logLevel switch { LogLevel.Trace or LogLevel.Debug => "debug", LogLevel.Information => "info ", LogLevel.Warning => "warn ", _ => "error" };
            string text = $"{time} {level} {_category}: {formatter(state, exception).ReplaceLineEndings(" ")}";
            log.Write(exception is null ? text : $"{text}\n{exception}");
        }
    }

    private LogLevel Minimum => minimum;

    private TimeProvider Time => time;

    private void Write(string text)
    {
        try
        {
            _output.WriteLine(text);
        }
        catch (IOException)
        {
            // Nobody reads standard error any more; the daemon's work goes on.
        }
    }
}
