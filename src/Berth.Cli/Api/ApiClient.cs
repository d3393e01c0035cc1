using System.Text.Json;
using Berth.Cli.Http;
using Berth.Linux;

namespace Berth.Cli.Api;

/// <summary>The Docker Engine API as seen by the verbs. Connections are made on first use and reused for the next request.</summary>
internal sealed class ApiClient(Func<Stream> connect) : IDisposable
{
    /// <summary>Prefix of every path: the API version this client was written for.</summary>
    public const string Prefix = "/v1.50";

    private const int MaximumErrorBody = 1024 * 1024;
    private HttpConnection? _idle;

    /// <summary>Sends a request and returns the answer's head; the caller reads the body from <see cref="Exchange.Body"/>.</summary>
    /// <exception cref="ApiException">Status 400 or above.</exception>
    public Exchange Send(string method, string target, ReadOnlySpan<byte> json = default, string contentType = "application/json", string? registryAuth = null)
    {
        var connection = Take();
        try
        {
            connection.Send(method, Address(target), json, json.IsEmpty ? null : contentType, registryAuth: registryAuth);
            return Open(method, connection);
        }
        catch
        {
            Drop(connection);
            throw;
        }
    }

    /// <summary>Sends a request without waiting for the answer, which <see cref="Pending.Receive"/> gets: the verbs that need two at once overlap them.</summary>
    public Pending Begin(string method, string target, ReadOnlySpan<byte> json = default, bool upgrade = false)
    {
        var connection = Take();
        try
        {
            connection.Send(method, Address(target), json, json.IsEmpty ? null : "application/json", upgrade);
            return new Pending(this, method, connection);
        }
        catch
        {
            Drop(connection);
            throw;
        }
    }

    /// <summary>Sends <paramref name="source"/> as the body, in chunks.</summary>
    public Exchange Upload(string method, string target, Stream source, string contentType = "application/x-tar", (string Name, string Value)? header = null)
    {
        var connection = Take();
        try
        {
            connection.SendChunked(method, Address(target), contentType, source, header);
            return Open(method, connection);
        }
        catch
        {
            Drop(connection);
            throw;
        }
    }

    /// <summary>Gets JSON.</summary>
    public JsonDocument Get(string target)
    {
        using var exchange = Send("GET", target);
        return exchange.ReadJson();
    }

    /// <summary>Posts and returns the JSON answer, or null when the answer is empty.</summary>
    public JsonDocument? Post(string target, ReadOnlySpan<byte> json = default)
    {
        using var exchange = Send("POST", target, json);
        var body = exchange.Body.ReadAll();
        return body.IsEmpty ? null : Parse(body);
    }

    /// <summary>Deletes and returns the JSON answer, or null when the answer is empty.</summary>
    public JsonDocument? Delete(string target)
    {
        using var exchange = Send("DELETE", target);
        var body = exchange.Body.ReadAll();
        return body.IsEmpty ? null : Parse(body);
    }

    /// <inheritdoc/>
    public void Dispose() => _idle?.Dispose();

    internal static JsonDocument Parse(ReadOnlyMemory<byte> body)
    {
        try
        {
            return JsonDocument.Parse(body);
        }
        catch (JsonException e)
        {
            throw new ProtocolException($"the daemon's answer is not JSON: {e.Message}");
        }
    }

    // Berth's own calls stand beside the versioned API.
    private static string Address(string target) => target.StartsWith("/berth/", StringComparison.Ordinal) ? target : Prefix + target;

    private HttpConnection Take()
    {
        var idle = _idle;
        _idle = null;
        if (idle is not null)
        {
            if (StillOpen(idle))
            {
                return idle;
            }
            idle.Dispose();
        }
        return new HttpConnection(connect());
    }

    // Nothing was asked, so anything readable is the daemon hanging up.
    private static bool StillOpen(HttpConnection connection)
    {
        if (connection.Descriptor is not { } descriptor)
        {
            return true;
        }
        Libc.pollfd[] fds = [new Libc.pollfd { fd = descriptor.Number, events = Libc.POLLIN }];
        return Libc.Poll(fds, 0) == 0;
    }

    private void Release(HttpConnection connection)
    {
        if (_idle is null && connection.Reusable)
        {
            _idle = connection;
        }
        else
        {
            connection.Dispose();
        }
    }

    // An answer that refuses has given the connection back already.
    private void Drop(HttpConnection connection)
    {
        if (_idle == connection)
        {
            _idle = null;
        }
        connection.Dispose();
    }

    private Exchange Open(string method, HttpConnection connection)
    {
        var response = connection.Receive(method);
        if (response.Status < 400)
        {
            return new Exchange(response, () => Release(connection), connection.Descriptor);
        }
        var error = Error(method, response);
        Release(connection);
        throw error;
    }

    private static ApiException Error(string method, HttpResponse response)
    {
        var message = method == "HEAD" ? "" : ErrorMessage(response.Body.ReadAll(MaximumErrorBody));
        return new ApiException(response.Status, message.Length > 0 ? message : $"the daemon answered {response.Status} {response.Reason}".TrimEnd());
    }

    private static string ErrorMessage(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            return document.RootElement.ValueKind == JsonValueKind.Object
                && document.RootElement.TryGetProperty("message", out var message) && message.ValueKind == JsonValueKind.String
                ? message.GetString()!
                : "";
        }
        catch (JsonException)
        {
            return System.Text.Encoding.UTF8.GetString(body.Span).Trim();
        }
    }

    /// <summary>A request under way.</summary>
    internal sealed class Pending(ApiClient client, string method, HttpConnection connection) : IDisposable
    {
        /// <summary>Waits for the answer's head.</summary>
        public Exchange Receive() => client.Open(method, connection);

        /// <summary>Waits for the switch to a raw stream.</summary>
        public HijackedStream Hijack()
        {
            var response = connection.Receive(method);
            if (response.Status >= 400)
            {
                throw Error(method, response);
            }
            return response.Status is 101 or 200
                ? new HijackedStream(connection)
                : throw new ProtocolException($"the daemon answered {response.Status} where a stream was asked for");
        }

        /// <inheritdoc/>
        public void Dispose() => client.Drop(connection);
    }
}
