namespace Berth.Cli.Api;

/// <summary>The daemon refused a request; the message is the daemon's own.</summary>
internal sealed class ApiException(int status, string message) : Exception(message)
{
    /// <summary>HTTP status code.</summary>
    public int Status { get; } = status;
}
