using Microsoft.Extensions.Logging;

namespace Berth.Engine;

/// <summary>Log messages of the engine.</summary>
internal static partial class EngineLog
{
    [LoggerMessage(1, LogLevel.Information, "{Id}: started as process {Pid}")]
    public static partial void Started(ILogger logger, string id, int pid);

    [LoggerMessage(2, LogLevel.Information, "{Id}: ended with {ExitCode}")]
    public static partial void Ended(ILogger logger, string id, int exitCode);

    [LoggerMessage(3, LogLevel.Warning, "{Id}: {What} failed")]
    public static partial void Failed(ILogger logger, string id, string what, Exception error);

    [LoggerMessage(4, LogLevel.Information, "{Id}: removed what was left of it: {Why}")]
    public static partial void Swept(ILogger logger, string id, string why);

    [LoggerMessage(5, LogLevel.Warning, "the supervisor's feed broke, connecting again")]
    public static partial void FeedLost(ILogger logger, Exception error);

    [LoggerMessage(7, LogLevel.Warning, "{Id}: not started: {Why}")]
    public static partial void NotStarted(ILogger logger, string id, string why);

    [LoggerMessage(6, LogLevel.Information, "ready: {Instances} instances, {Running} running")]
    public static partial void Ready(ILogger logger, int instances, int running);
}
