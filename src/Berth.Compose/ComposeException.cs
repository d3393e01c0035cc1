using Berth.Compose.Yaml;

namespace Berth.Compose;

/// <summary>The project cannot be used as it is written; the message names the file, line and column where there is one.</summary>
public sealed class ComposeException : Exception
{
    /// <summary>A complaint without a place.</summary>
    public ComposeException(string message) : base(message) { }

    /// <summary>A complaint about what stands at <paramref name="mark"/>.</summary>
    public ComposeException(Mark mark, string message) : base($"{mark}: {message}") { }
}
