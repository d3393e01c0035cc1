namespace Berth.Build;

/// <summary>A Dockerfile is wrong, or one of its steps failed; the message begins with <c>FILE:LINE:</c>.</summary>
public sealed class DockerfileException(string file, int line, string problem, Exception? inner = null) : Exception($"{file}:{line}: {problem}", inner)
{
    /// <summary>The line it is about, from 1.</summary>
    public int Line { get; } = line;

    /// <summary>Exit code of the command that failed; 0 when it was no command.</summary>
    public int ExitCode { get; init; }
}
