namespace Berth.Cli.Http;

/// <summary>An answer: status, headers, and the body as a stream that ends where the body ends.</summary>
internal sealed class HttpResponse(int status, string reason, HttpHeaders headers, HttpBody body)
{
    /// <summary>Status code.</summary>
    public int Status { get; } = status;

    /// <summary>Text after the status code.</summary>
    public string Reason { get; } = reason;

    /// <summary>The body; empty when there is none.</summary>
    public HttpBody Body { get; } = body;

    /// <summary>The header's value, or null.</summary>
    public string? Header(string name) => headers.Find(name);
}
