using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Berth.Testing;

namespace Berth.Images.Tests.Registry;

/// <summary>What a client sent.</summary>
internal sealed record ScriptedRequest(string Method, string Target, IReadOnlyDictionary<string, string> Headers, byte[] Body)
{
    public string Path => Target.Split('?')[0];

    public string? this[string name] => Headers.GetValueOrDefault(name);
}

/// <summary>What it gets, which need not be true.</summary>
internal sealed record ScriptedResponse(int Status = 200)
{
    public byte[] Body { get; init; } = [];

    public IReadOnlyList<(string Name, string Value)> Headers { get; init; } = [];

    /// <summary>Announced length when it is not the body's.</summary>
    public long? ContentLength { get; init; }

    /// <summary>Bytes of the body after which the connection ends.</summary>
    public int? CutAfter { get; init; }

    /// <summary>The body comes again and again, without a length.</summary>
    public bool Endless { get; init; }

    public static ScriptedResponse Text(string body, params (string, string)[] headers) => new() { Body = Encoding.UTF8.GetBytes(body), Headers = headers };
}

/// <summary>An HTTP server of a few lines whose every answer a test decides. One request a connection; without a certificate, TLS is hung up on.</summary>
internal sealed class ScriptedRegistry : IAsyncDisposable
{
    private readonly LoopbackServer _server;

    public ScriptedRegistry(Func<ScriptedRequest, ScriptedResponse> answer)
    {
        Answer = answer;
        _server = new LoopbackServer(ServeAsync);
    }

    public Func<ScriptedRequest, ScriptedResponse> Answer { get; set; }

    /// <summary>Serve HTTPS with it.</summary>
    public X509Certificate2? Certificate { get; init; }

    public ConcurrentQueue<ScriptedRequest> Requests { get; } = new();

    public string Authority => _server.Authority;

    public ImageReference Reference(string name = "team/app:v1") => ImageReference.Parse($"{Authority}/{name}");

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private async Task ServeAsync(TcpClient client, CancellationToken stop)
    {
        Stream stream = client.GetStream();
        if (Certificate is not null)
        {
            var tls = new SslStream(stream);
            stream = tls;
            await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = Certificate }, stop);
        }
        if (await ReadAsync(stream, stop) is { } request)
        {
            Requests.Enqueue(request);
            await WriteAsync(stream, request, Answer(request), stop);
        }
    }

    private static async Task<ScriptedRequest?> ReadAsync(Stream stream, CancellationToken stop)
    {
        var head = new List<byte>();
        byte[] one = new byte[1];
        while (head.Count < 4 || !head[^4..].SequenceEqual("\r\n\r\n"u8.ToArray()))
        {
            if (await stream.ReadAsync(one, stop) == 0 || (head.Count == 0 && one[0] == 0x16))
            {
                return null; // the end, or a TLS hello
            }
            head.Add(one[0]);
        }
        string[] lines = Encoding.ASCII.GetString([.. head]).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        var headers = lines.Skip(1).Select(line => line.Split(": ", 2)).GroupBy(pair => pair[0], StringComparer.OrdinalIgnoreCase)
            .ToDictionary(group => group.Key, group => string.Join(", ", group.Select(pair => pair[1])), StringComparer.OrdinalIgnoreCase);
        byte[] body = new byte[headers.TryGetValue("Content-Length", out string? length) ? int.Parse(length, CultureInfo.InvariantCulture) : 0];
        await stream.ReadExactlyAsync(body, stop);
        return new ScriptedRequest(lines[0].Split(' ')[0], lines[0].Split(' ')[1], headers, body);
    }

    private static async Task WriteAsync(Stream stream, ScriptedRequest request, ScriptedResponse response, CancellationToken stop)
    {
        var head = new StringBuilder($"HTTP/1.1 {response.Status} X\r\nConnection: close\r\n");
        if (!response.Endless && response.Status != 204)
        {
            head.Append(CultureInfo.InvariantCulture, $"Content-Length: {response.ContentLength ?? response.Body.Length}\r\n");
        }
        foreach ((string name, string value) in response.Headers)
        {
            head.Append($"{name}: {value}\r\n");
        }
        await stream.WriteAsync(Encoding.Latin1.GetBytes(head.Append("\r\n").ToString()), stop);
        if (request.Method != "HEAD")
        {
            do
            {
                await stream.WriteAsync(response.Body.AsMemory(0, Math.Min(response.Body.Length, response.CutAfter ?? int.MaxValue)), stop);
            }
            while (response.Endless);
        }
    }
}
