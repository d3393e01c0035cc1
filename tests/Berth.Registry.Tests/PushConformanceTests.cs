using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Berth.Registry.Tests;

/// <summary>[OCI-DIST] conformance, category Push.</summary>
public sealed class PushConformanceTests : RegistryTest
{
    private const string Repository = "team/app";
    private static readonly byte[] Content = Encoding.UTF8.GetBytes("the content of a blob");
    private static readonly string Digest = TestRegistry.DigestOf(Content);

    [Fact]
    public async Task Streamed_PatchThenPut_MakesTheBlob()
    {
        string location = await Registry.BeginAsync(Repository);
        using var stream = new StreamContent(new UnknownLength(Content));
        using HttpResponseMessage patched = await Client.PatchAsync(location, stream, Cancellation);
        Assert.Equal(HttpStatusCode.Accepted, patched.StatusCode);
        Assert.Equal($"0-{Content.Length - 1}", patched.Headers.GetValues("Range").Single());
        using HttpResponseMessage put = await Client.PutAsync($"{patched.Headers.Location}?digest={Digest}", null, Cancellation);
        Assert.Equal(HttpStatusCode.Created, put.StatusCode);
        Assert.Equal(Content, await Client.GetByteArrayAsync(put.Headers.Location, Cancellation));
    }

    [Fact]
    public async Task Monolithic_PostThenPut_MakesTheBlob()
    {
        string location = await Registry.BeginAsync(Repository);
        using HttpResponseMessage put = await Client.PutAsync($"{location}?digest={Digest}", TestRegistry.Bytes(Content), Cancellation);
        Assert.Equal(HttpStatusCode.Created, put.StatusCode);
        Assert.Equal(Content, await Client.GetByteArrayAsync(put.Headers.Location, Cancellation));
    }

    [Fact]
    public async Task Monolithic_OnePost_MakesTheBlob()
    {
        await Registry.PushBlobAsync(Repository, Content);
        Assert.Equal(Content, await Client.GetByteArrayAsync($"/v2/{Repository}/blobs/{Digest}", Cancellation));
    }

    [Fact]
    public async Task Monolithic_OfOtherContent_IsRefusedAndLeavesNothing()
    {
        await ExpectErrorAsync(
            await Client.PostAsync($"/v2/{Repository}/blobs/uploads/?digest={Digest}", TestRegistry.Bytes([1, 2, 3]), Cancellation), HttpStatusCode.BadRequest, "DIGEST_INVALID");
        await ExpectAsync(HttpMethod.Head, $"/v2/{Repository}/blobs/{Digest}", HttpStatusCode.NotFound);
        Assert.Empty(Directory.GetDirectories(Path.Combine(Registry.Directory, "uploads")));
    }

    [Fact]
    public async Task Chunked_InOrder_MakesTheBlob()
    {
        string location = await Registry.BeginAsync(Repository);
        using HttpResponseMessage first = await Registry.ChunkAsync(HttpMethod.Patch, location, Content[..10], 0);
        Assert.Equal(HttpStatusCode.Accepted, first.StatusCode);
        Assert.Equal("0-9", first.Headers.GetValues("Range").Single());
        location = first.Headers.Location!.ToString();
        using HttpResponseMessage status = await SendAsync(HttpMethod.Get, location);
        Assert.Equal(HttpStatusCode.NoContent, status.StatusCode);
        Assert.Equal("0-9", status.Headers.GetValues("Range").Single());
        using HttpResponseMessage last = await Registry.ChunkAsync(HttpMethod.Put, $"{location}?digest={Digest}", Content[10..], 10);
        Assert.Equal(HttpStatusCode.Created, last.StatusCode);
        Assert.Equal(Content, await Client.GetByteArrayAsync($"/v2/{Repository}/blobs/{Digest}", Cancellation));
    }

    [Theory]
    [InlineData(10)]
    [InlineData(3)]
    public async Task Chunked_OutOfOrder_Is416AndLeavesTheUploadUsable(int from)
    {
        string location = await Registry.BeginAsync(Repository);
        using (HttpResponseMessage early = await Registry.ChunkAsync(HttpMethod.Patch, location, Content[from..], from))
        {
            Assert.Equal(HttpStatusCode.RequestedRangeNotSatisfiable, early.StatusCode);
        }
        using HttpResponseMessage first = await Registry.ChunkAsync(HttpMethod.Patch, location, Content[..10], 0);
        Assert.Equal(HttpStatusCode.Accepted, first.StatusCode);
        using HttpResponseMessage again = await Registry.ChunkAsync(HttpMethod.Patch, location, Content[..10], 0);
        Assert.Equal(HttpStatusCode.RequestedRangeNotSatisfiable, again.StatusCode);
        Assert.Equal("0-9", again.Headers.GetValues("Range").Single());
        using HttpResponseMessage last = await Registry.ChunkAsync(HttpMethod.Put, $"{location}?digest={Digest}", Content[10..], 10);
        Assert.Equal(HttpStatusCode.Created, last.StatusCode);
    }

    [Fact]
    public async Task Chunked_RangeThatIsNotTheLength_Is416()
    {
        string location = await Registry.BeginAsync(Repository);
        using var request = new HttpRequestMessage(HttpMethod.Patch, location) { Content = TestRegistry.Bytes(Content) };
        request.Content.Headers.TryAddWithoutValidation("Content-Range", "0-3");
        using HttpResponseMessage response = await Client.SendAsync(request, Cancellation);
        Assert.Equal(HttpStatusCode.RequestedRangeNotSatisfiable, response.StatusCode);
    }

    [Fact]
    public async Task Upload_BrokenOffAndServerRestarted_GoesOn()
    {
        byte[] content = RandomNumberGenerator.GetBytes(1 << 20);
        string location = await Registry.BeginAsync(Repository);
        using (var socket = new TcpClient())
        {
            await socket.ConnectAsync(Registry.Host.Address.Host, Registry.Host.Address.Port, Cancellation);
            await socket.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"PATCH {location} HTTP/1.1\r\nHost: x\r\nContent-Length: {content.Length}\r\nContent-Type: application/octet-stream\r\n\r\n"), Cancellation);
            await socket.GetStream().WriteAsync(content.AsMemory(0, 300_000), Cancellation);
            // The registry answers nothing before the end; what it has shows in the file.
            string file = Path.Combine(Registry.Directory, "uploads", location[(location.LastIndexOf('/') + 1)..], "data");
            while (new FileInfo(file).Length < 300_000)
            {
                await Task.Delay(10, Cancellation);
            }
        }
        await Registry.RestartAsync();
        using HttpResponseMessage status = await SendAsync(HttpMethod.Get, location);
        Assert.Equal("0-299999", status.Headers.GetValues("Range").Single());
        using HttpResponseMessage rest = await Registry.ChunkAsync(HttpMethod.Patch, location, content[300_000..], 300_000);
        Assert.Equal(HttpStatusCode.Accepted, rest.StatusCode);
        using HttpResponseMessage put = await Client.PutAsync($"{location}?digest={TestRegistry.DigestOf(content)}", null, Cancellation);
        Assert.Equal(HttpStatusCode.Created, put.StatusCode);
    }

    [Fact]
    public async Task Upload_Cancelled_IsUnknownAfterwards()
    {
        string location = await Registry.BeginAsync(Repository);
        await ExpectAsync(HttpMethod.Delete, location, HttpStatusCode.NoContent);
        await ExpectErrorAsync(await SendAsync(HttpMethod.Get, location), HttpStatusCode.NotFound, "BLOB_UPLOAD_UNKNOWN");
    }

    [Fact]
    public async Task Upload_OfAnotherRepository_IsUnknown()
    {
        string location = await Registry.BeginAsync(Repository);
        await ExpectAsync(HttpMethod.Get, location.Replace(Repository, "team/other", StringComparison.Ordinal), HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Mount_FromARepositoryThatHasIt_NeedsNoUpload()
    {
        await Registry.PushBlobAsync(Repository, Content);
        using HttpResponseMessage mounted = await Client.PostAsync($"/v2/team/other/blobs/uploads/?mount={Digest}&from={Repository}", null, Cancellation);
        Assert.Equal(HttpStatusCode.Created, mounted.StatusCode);
        Assert.Equal(Content, await Client.GetByteArrayAsync(mounted.Headers.Location, Cancellation));
    }

    [Theory]
    [InlineData("&from=team/none")]
    [InlineData("")]
    public async Task Mount_FromWhereItIsNot_BeginsAnUpload(string from)
    {
        using HttpResponseMessage answer = await Client.PostAsync($"/v2/team/other/blobs/uploads/?mount={Digest}{from}", null, Cancellation);
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        Assert.Contains("/blobs/uploads/", answer.Headers.Location!.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Blob_OfNoBytes_IsABlob()
    {
        string digest = TestRegistry.DigestOf([]);
        string location = await Registry.BeginAsync(Repository);
        using HttpResponseMessage put = await Client.PutAsync($"{location}?digest={digest}", null, Cancellation);
        Assert.Equal(HttpStatusCode.Created, put.StatusCode);
        using HttpResponseMessage head = await SendAsync(HttpMethod.Head, $"/v2/{Repository}/blobs/{digest}");
        Assert.Equal((HttpStatusCode.OK, 0L), (head.StatusCode, head.Content.Headers.ContentLength));
        Assert.Empty(await Client.GetByteArrayAsync($"/v2/{Repository}/blobs/{digest}", Cancellation));
    }

    [Theory]
    [InlineData("md5:abc")]
    [InlineData("sha512:cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e")]
    public async Task Digest_OfAnUnknownAlgorithm_IsRefused(string digest)
    {
        string location = await Registry.BeginAsync(Repository);
        await ExpectErrorAsync(await Client.PutAsync($"{location}?digest={digest}", TestRegistry.Bytes(Content), Cancellation), HttpStatusCode.BadRequest, "DIGEST_INVALID");
    }

    [Fact]
    public async Task Manifest_ByTagAndByDigest_IsCreated()
    {
        string json = await Registry.PushImageAsync(Repository, "v1");
        using HttpResponseMessage response = await Registry.PutManifestAsync(Repository, TestRegistry.DigestOf(json), json);
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        Assert.Equal(TestRegistry.DigestOf(json), response.Headers.GetValues("Docker-Content-Digest").Single());
        await ExpectErrorAsync(await Registry.PutManifestAsync(Repository, TestRegistry.DigestOf("other"), json), HttpStatusCode.BadRequest, "DIGEST_INVALID");
    }

    [Fact]
    public async Task Manifest_WithoutLayers_IsCreated()
    {
        string config = await Registry.PushBlobAsync(Repository, "{}"u8.ToArray());
        using HttpResponseMessage response = await Registry.PutManifestAsync(Repository, "empty", TestRegistry.Manifest(config, 2, []));
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
    }

    [Fact]
    public async Task Manifest_OfMissingBlobs_IsRefused()
    {
        string json = TestRegistry.Manifest(TestRegistry.DigestOf("no such config"), 2, []);
        await ExpectErrorAsync(await Registry.PutManifestAsync(Repository, "v1", json), HttpStatusCode.NotFound, "MANIFEST_BLOB_UNKNOWN");
        await ExpectAsync(HttpMethod.Get, $"/v2/{Repository}/manifests/v1", HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Index_OfManifestsThatAreThere_IsCreated()
    {
        string json = await Registry.PushImageAsync(Repository, "v1");
        string Index(string digest) => $$"""{"schemaVersion":2,"mediaType":"{{TestRegistry.OciIndex}}","manifests":[{"mediaType":"{{TestRegistry.OciManifest}}","digest":"{{digest}}","size":{{json.Length}}}]}""";
        using HttpResponseMessage response = await Registry.PutManifestAsync(Repository, "all", Index(TestRegistry.DigestOf(json)), TestRegistry.OciIndex);
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        await ExpectErrorAsync(await Registry.PutManifestAsync(Repository, "none", Index(TestRegistry.DigestOf("x")), TestRegistry.OciIndex), HttpStatusCode.NotFound, "MANIFEST_BLOB_UNKNOWN");
    }

    [Fact]
    public async Task Index_OfNothingOfIndexesAndAboutAManifest_IsCreatedAndServedAsItWasPushed()
    {
        string json = await Registry.PushImageAsync(Repository, "v1");
        string about = $$"""{"mediaType":"{{TestRegistry.OciManifest}}","digest":"{{TestRegistry.DigestOf(json)}}","size":{{json.Length}}}""";
        string empty = $$"""{"schemaVersion":2,"mediaType":"{{TestRegistry.OciIndex}}","manifests":[]}""";
        string nested = $$"""{"schemaVersion":2,"mediaType":"{{TestRegistry.OciIndex}}","artifactType":"test/list","subject":{{about}},"manifests":[{"mediaType":"{{TestRegistry.OciIndex}}","digest":"{{TestRegistry.DigestOf(empty)}}","size":{{empty.Length}}}]}""";
        foreach ((string tag, string index) in ((string, string)[])[("empty", empty), ("nested", nested)])
        {
            using HttpResponseMessage response = await Registry.PutManifestAsync(Repository, tag, index, TestRegistry.OciIndex);
            Assert.Equal(HttpStatusCode.Created, response.StatusCode);
            Assert.Equal(index, await Client.GetStringAsync($"/v2/{Repository}/manifests/{tag}", Cancellation));
        }
        JsonElement referrers = await GetJsonAsync($"/v2/{Repository}/referrers/{TestRegistry.DigestOf(json)}?artifactType=test/list");
        Assert.Equal(TestRegistry.DigestOf(nested), Assert.Single(referrers.GetProperty("manifests").EnumerateArray()).GetProperty("digest").GetString());
    }

    [Fact]
    public async Task Manifest_WithUnknownFieldsInlineDataAndAForeignLayer_IsServedAsItWasPushed()
    {
        string config = await Registry.PushBlobAsync(Repository, "{}"u8.ToArray());
        // Layers that may not be distributed are fetched from elsewhere, so the registry need not have them.
        string json = $$"""
            { "schemaVersion": 2, "mediaType": "{{TestRegistry.OciManifest}}", "org.example.own": { "a": [1, null] },
              "config": { "mediaType": "application/vnd.oci.image.config.v1+json", "digest": "{{config}}", "size": 2, "data": "e30=", "org.example.more": true },
              "layers": [ { "mediaType": "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", "digest": "{{TestRegistry.DigestOf("elsewhere")}}", "size": 9,
                            "urls": ["https://example.org/layer"] } ] }
            """;
        using HttpResponseMessage response = await Registry.PutManifestAsync(Repository, "v1", json);
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        Assert.Equal(json, await Client.GetStringAsync($"/v2/{Repository}/manifests/{TestRegistry.DigestOf(json)}", Cancellation));
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"schemaVersion":1}""")]
    [InlineData("""{"schemaVersion":2,"config":{"digest":"md5:x"},"layers":[]}""")]
    [InlineData("""{"schemaVersion":2,"config":{"digest":5},"layers":{}}""")]
    [InlineData("""{"schemaVersion":2,"schemaVersion":2,"config":{},"layers":[]}""")]
    [InlineData("""{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}""")]
    [InlineData("""{"schemaVersion":2,"manifests":[],"layers":[],"config":{}}""")]
    public async Task Manifest_Malformed_IsRefused(string json) =>
        await ExpectErrorAsync(await Registry.PutManifestAsync(Repository, "v1", json), HttpStatusCode.BadRequest, "MANIFEST_INVALID");

    [Fact]
    public async Task Manifest_TooLarge_Is413()
    {
        string config = await Registry.PushBlobAsync(Repository, "{}"u8.ToArray());
        string padding = $"\"annotations\":{{\"a\":\"{new string('x', 4 << 20)}\"}},";
        await ExpectErrorAsync(await Registry.PutManifestAsync(Repository, "v1", TestRegistry.Manifest(config, 2, [], padding)), HttpStatusCode.RequestEntityTooLarge, "SIZE_INVALID");
    }

    [Theory]
    [InlineData(".v1")]
    [InlineData("-v1")]
    [InlineData("a%20b")]
    public async Task Manifest_UnderABadTag_IsRefused(string tag)
    {
        string config = await Registry.PushBlobAsync(Repository, "{}"u8.ToArray());
        await ExpectErrorAsync(await Registry.PutManifestAsync(Repository, tag, TestRegistry.Manifest(config, 2, [])), HttpStatusCode.BadRequest, "MANIFEST_INVALID");
    }

    [Fact]
    public async Task Manifest_ForTheSameTag_Replaces()
    {
        await Registry.PushImageAsync(Repository, "v1");
        string second = await Registry.PushImageAsync(Repository, "v1");
        Assert.Equal(second, await Client.GetStringAsync($"/v2/{Repository}/manifests/v1", Cancellation));
    }

    /// <summary>Bytes whose length nobody knows beforehand, so that they go out in chunks of HTTP.</summary>
    private sealed class UnknownLength(byte[] content) : MemoryStream(content)
    {
        public override bool CanSeek => false;
    }
}
