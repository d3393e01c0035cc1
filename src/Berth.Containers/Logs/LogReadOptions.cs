namespace Berth.Containers.Logs;

/// <summary>Which part of a log to read.</summary>
public sealed record LogReadOptions
{
    /// <summary>Include standard output.</summary>
    public bool Stdout { get; init; } = true;

    /// <summary>Include standard error.</summary>
    public bool Stderr { get; init; } = true;

    /// <summary>Wait for more until the process has ended. Ask only for a running process; a log that a crash left without its end never ends.</summary>
    public bool Follow { get; init; }

    /// <summary>Only what is not older.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Only what is not newer.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>Only the last so many lines of the selected streams; null = all.</summary>
    public long? Tail { get; init; }

    /// <summary>Stop at this place; null = at the end.</summary>
    public LogPosition? End { get; init; }

    /// <summary>Tells when <see cref="Until"/> has come while following.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    internal long SinceNanoseconds => Since is { } since ? LogFormat.Nanoseconds(since) : long.MinValue;

    internal long UntilNanoseconds => Until is { } until ? LogFormat.Nanoseconds(until) : long.MaxValue;

    internal bool Selects(StdioChannel stream) => stream == StdioChannel.Stdout ? Stdout : Stderr;
}
