using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using Berth.Registry.Hosting;
using Berth.Testing;

namespace Berth.Registry.Tests;

/// <summary>A registry of the test's own on a free loopback port, and a client for it.</summary>
internal sealed class TestRegistry : IAsyncDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private RegistryHost? _host;
    private HttpClient? _client;

    public string Directory => _directory.Combine("registry");

    public RegistryHost Host => _host ?? throw new InvalidOperationException("not started");

    public HttpClient Client => _client ?? throw new InvalidOperationException("not started");

    public string Authority => Host.Address.Authority;

    public static async Task<TestRegistry> StartAsync(Func<RegistryOptions, RegistryOptions>? change = null, TimeProvider? time = null)
    {
        var registry = new TestRegistry();
        await registry.OpenAsync(change, time);
        return registry;
    }

    /// <summary>Stops serving and serves the same directory again, on another port.</summary>
    public async Task RestartAsync(Func<RegistryOptions, RegistryOptions>? change = null, TimeProvider? time = null)
    {
        await CloseAsync();
        await OpenAsync(change, time);
    }

    /// <summary>Pushes bytes in one request.</summary>
    public async Task<string> PushBlobAsync(string repository, byte[] content)
    {
        string digest = DigestOf(content);
        using HttpResponseMessage response = await Client.PostAsync($"/v2/{repository}/blobs/uploads/?digest={digest}", Bytes(content));
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        return digest;
    }

    /// <summary>Begins an upload and returns its address.</summary>
    public async Task<string> BeginAsync(string repository)
    {
        using HttpResponseMessage response = await Client.PostAsync($"/v2/{repository}/blobs/uploads/", null);
        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        return response.Headers.Location!.ToString();
    }

    /// <summary>Pushes a manifest and returns the answer.</summary>
    public async Task<HttpResponseMessage> PutManifestAsync(string repository, string reference, string json, string type = OciManifest)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, $"/v2/{repository}/manifests/{reference}") { Content = Bytes(Encoding.UTF8.GetBytes(json)) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue(type);
        return await Client.SendAsync(request);
    }

    /// <summary>Pushes a whole image of one random layer and returns its manifest.</summary>
    public async Task<string> PushImageAsync(string repository, string tag, string extra = "")
    {
        string config = await PushBlobAsync(repository, "{}"u8.ToArray());
        byte[] layer = RandomNumberGenerator.GetBytes(100);
        string digest = await PushBlobAsync(repository, layer);
        string json = Manifest(config, 2, [(digest, layer.Length)], extra);
        using HttpResponseMessage response = await PutManifestAsync(repository, tag, json);
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        return json;
    }

    public const string OciManifest = "application/vnd.oci.image.manifest.v1+json";
    public const string OciIndex = "application/vnd.oci.image.index.v1+json";

    public static string Manifest(string config, int size, IEnumerable<(string Digest, int Size)> layers, string extra = "", string configType = "application/vnd.oci.image.config.v1+json") =>
        $$"""{"schemaVersion":2,"mediaType":"{{OciManifest}}",{{extra}}"config":{"mediaType":"{{configType}}","digest":"{{config}}","size":{{size}}},"layers":[{{string.Join(',', layers.Select(layer => $$"""{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest":"{{layer.Digest}}","size":{{layer.Size}}}"""))}}]}""";

    public static string DigestOf(byte[] content) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(content));

    public static string DigestOf(string content) => DigestOf(Encoding.UTF8.GetBytes(content));

    public static ByteArrayContent Bytes(byte[] content)
    {
        var body = new ByteArrayContent(content);
        body.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        return body;
    }

    /// <summary>Sends a chunk with its Content-Range.</summary>
    public async Task<HttpResponseMessage> ChunkAsync(HttpMethod method, string location, byte[] content, long from)
    {
        using var request = new HttpRequestMessage(method, location) { Content = Bytes(content) };
        request.Content.Headers.TryAddWithoutValidation("Content-Range", $"{from}-{from + content.Length - 1}");
        return await Client.SendAsync(request);
    }

    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        _directory.Dispose();
    }

    private async Task OpenAsync(Func<RegistryOptions, RegistryOptions>? change, TimeProvider? time)
    {
        var options = new RegistryOptions { Verb = "serve", Directory = Directory, Listen = new IPEndPoint(IPAddress.Loopback, 0) };
        _host = await RegistryHost.StartAsync(change?.Invoke(options) ?? options, null, time ?? TimeProvider.System, default);
        _client = new HttpClient(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false, SslOptions = { RemoteCertificateValidationCallback = static (_, certificate, _, _) => certificate is not null } }) { BaseAddress = _host.Address };
    }

    private async Task CloseAsync()
    {
        _client?.Dispose();
        if (_host is not null)
        {
            await _host.DisposeAsync();
        }
    }
}
