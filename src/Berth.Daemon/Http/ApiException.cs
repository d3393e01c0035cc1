namespace Berth.Daemon.Http;

/// <summary>A request is refused by the API layer itself, with the given HTTP status.</summary>
internal sealed class ApiException(int status, string message) : Exception(message)
{
    public int Status { get; } = status;

    public static ApiException BadRequest(string message) => new(400, message);

    public static ApiException NotFound(string message) => new(404, message);

    public static ApiException NotImplemented(string message) => new(501, message);
}
