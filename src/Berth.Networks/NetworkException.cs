namespace Berth.Networks;

/// <summary>A network cannot be made or used as asked; the message says why and what helps.</summary>
public sealed class NetworkException(NetworkErrorCode code, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>What kind of obstacle it is.</summary>
    public NetworkErrorCode Code { get; } = code;
}
