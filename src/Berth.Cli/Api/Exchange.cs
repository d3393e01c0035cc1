using System.Text.Json;
using Berth.Cli.Http;
using Berth.Linux;

namespace Berth.Cli.Api;

/// <summary>An answer being read. Dispose gives the connection back when the body was read to its end, and closes it otherwise.</summary>
internal sealed class Exchange(HttpResponse response, Action release, FileDescriptor? descriptor) : IDisposable
{
    /// <summary>Status code.</summary>
    public int Status => response.Status;

    /// <summary>The decoded body.</summary>
    public HttpBody Body => response.Body;

    /// <summary>The connection's descriptor, to wait for the body.</summary>
    public FileDescriptor? Descriptor => descriptor;

    /// <summary>A header's value, or null.</summary>
    public string? Header(string name) => response.Header(name);

    /// <summary>Reads the whole body as JSON.</summary>
    public JsonDocument ReadJson() => ApiClient.Parse(Body.ReadAll());

    /// <inheritdoc/>
    public void Dispose() => release();
}
