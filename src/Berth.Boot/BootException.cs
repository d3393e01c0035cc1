namespace Berth.Boot;

/// <summary>A machine cannot boot from what it was given; the message names the thing and the fix.</summary>
public sealed class BootException(BootErrorCode code, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>The kind of error.</summary>
    public BootErrorCode Code { get; } = code;
}
