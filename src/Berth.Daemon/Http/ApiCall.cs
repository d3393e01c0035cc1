using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Berth.Daemon.Http;

/// <summary>One request and its answer, as the routes see it.</summary>
internal sealed class ApiCall(HttpContext http, ApiVersion version, Dictionary<string, string> values)
{
    /// <summary>The plain HTTP exchange, for the few routes that need more than this class offers.</summary>
    public HttpContext Http => http;

    /// <summary>The API version the client speaks.</summary>
    public ApiVersion Version => version;

    /// <summary>A variable of the route's pattern.</summary>
    public string this[string name] => values[name];

    /// <summary>The query string.</summary>
    public ApiQuery Query => new(http.Request.Query);

    /// <summary>
    /// Cancelled when the client stops sending or the daemon stops: for answers that last. Short calls run to their end; a client may
    /// half-close right after its request and still read.
    /// </summary>
    public CancellationToken Aborted => Connection.PeerClosed;

    /// <summary>Cancelled when the daemon stops.</summary>
    public CancellationToken Stopping => Connection.Stopping;

    /// <summary>The request's body as a stream; bounded unless the route says otherwise.</summary>
    public Stream Body => http.Request.Body;

    /// <summary>True when the client asked to leave HTTP behind (<c>Connection: Upgrade</c>).</summary>
    public bool WantsUpgrade => http.Request.Headers.Upgrade.Count > 0;

    private HijackableConnection Connection => http.Features.GetRequiredFeature<HijackableConnection>();

    /// <summary>Answers with a status and no body.</summary>
    public Task Status(int status)
    {
        http.Response.StatusCode = status;
        return Task.CompletedTask;
    }

    /// <summary>Answers with JSON.</summary>
    public async Task Json<T>(T value, JsonTypeInfo<T> type, int status = 200)
    {
        byte[] body = JsonSerializer.SerializeToUtf8Bytes(value, type);
        StartJson(status);
        http.Response.ContentLength = body.Length;
        if (!HttpMethods.IsHead(http.Request.Method))
        {
            await http.Response.Body.WriteAsync(body, Stopping);
        }
    }

    /// <summary>Answers with text.</summary>
    public async Task Text(string text, string contentType = "text/plain; charset=utf-8")
    {
        byte[] body = Encoding.UTF8.GetBytes(text);
        http.Response.ContentType = contentType;
        http.Response.ContentLength = body.Length;
        await http.Response.Body.WriteAsync(body, Stopping);
    }

    /// <summary>Sets status and the exact content type that clients compare, without a body yet.</summary>
    public void StartJson(int status = 200)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = "application/json";
    }

    /// <summary>Sends the head of a long answer at once, so that the client knows it is being served.</summary>
    public async Task<Stream> StartStream(string contentType, int status = 200)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = contentType;
        http.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        await http.Response.StartAsync(Stopping);
        await http.Response.BodyWriter.FlushAsync(Stopping);
        return http.Response.Body;
    }

    /// <summary>
    /// Sends one object of a stream of JSON, its line's end in the same chunk: clients parse chunk by chunk, and some take a line's end alone for rubbish.
    /// </summary>
    public static async Task SendLine<T>(Stream answer, T value, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(value, type);
        byte[] line = new byte[json.Length + 2];
        json.CopyTo(line, 0);
        "\r\n"u8.CopyTo(line.AsSpan(json.Length));
        await answer.WriteAsync(line, cancellationToken);
        await answer.FlushAsync(cancellationToken);
    }

    /// <summary>Reads a JSON body that must be there.</summary>
    public async Task<T> ReadJson<T>(JsonTypeInfo<T> type) where T : class
    {
        using JsonDocument document = await ReadDocument() ?? throw ApiException.BadRequest("the request body must be a JSON object");
        return StrictJson.Read(document.RootElement, type);
    }

    /// <summary>Reads a JSON body that may be missing.</summary>
    public async Task<T?> ReadOptionalJson<T>(JsonTypeInfo<T> type) where T : class
    {
        using JsonDocument? document = await ReadDocument();
        return document is null ? null : StrictJson.Read(document.RootElement, type);
    }

    /// <summary>Reads the whole body, bounded, as JSON; null when there is none.</summary>
    public Task<JsonDocument?> ReadDocument() => StrictJson.ParseAsync(Body, Stopping);

    /// <summary>Takes the socket over after answering the request's head. Nothing may be sent through HTTP any more.</summary>
    public async Task<HijackedStream> Hijack(string contentType)
    {
        IDuplexPipe transport = Connection.Hijack();
        // [RFC9110] An upgrade is answered by 101; a client that did not ask for one gets a 200 whose body lasts until the close.
        string head = WantsUpgrade
            ? $"HTTP/1.1 101 UPGRADED\r\nContent-Type: {contentType}\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n"
            : $"HTTP/1.1 200 OK\r\nContent-Type: {contentType}\r\nConnection: close\r\n";
        HijackedStream client = new(transport, http.Features.Get<IConnectionSocketFeature>()?.Socket);
        await client.SendHeadAsync(Encoding.ASCII.GetBytes(
            $"{head}Api-Version: {ApiVersion.Newest}\r\nDocker-Experimental: false\r\nOstype: linux\r\nServer: {ApiServer.ServerName}\r\n\r\n"));
        return client;
    }
}
