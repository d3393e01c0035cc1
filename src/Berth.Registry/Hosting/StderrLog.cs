using Microsoft.Extensions.Logging;

namespace Berth.Registry.Hosting;

/// <summary>Warnings and errors on standard error, one line each and the stack of an exception after it.</summary>
internal sealed class StderrLog : ILoggerProvider, ILogger
{
    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel))
        {
            Console.Error.WriteLine($"berth-registry: {formatter(state, exception).ReplaceLineEndings(" ")}{(exception is null ? "" : "\n" + exception)}");
        }
    }

    public void Dispose()
    {
        // Standard error stays.
    }
}
