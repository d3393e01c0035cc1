namespace Berth.Build.Dockerfiles;

/// <summary>A Dockerfile taken apart. [DOCKERFILE]</summary>
public sealed record Dockerfile
{
    /// <summary>Its name in messages.</summary>
    public required string FileName { get; init; }

    /// <summary>The character that escapes: backslash, or backtick by directive.</summary>
    public char Escape { get; init; } = '\\';

    /// <summary>ARGs before the first FROM, in order.</summary>
    public IReadOnlyList<ArgInstruction> GlobalArguments { get; init; } = [];

    /// <summary>The stages, in order; at least one.</summary>
    public required IReadOnlyList<Stage> Stages { get; init; }

    /// <summary>Forms that work but should not be used, as <c>FILE:LINE: text</c>.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];
}
