namespace Berth.Compose.Running;

/// <summary>The engine refused a call; the message is its own.</summary>
public sealed class EngineCallException(int status, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>HTTP status, or 0 when there was none.</summary>
    public int Status { get; } = status;
}
