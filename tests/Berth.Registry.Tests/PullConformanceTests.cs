using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace Berth.Registry.Tests;

/// <summary>[OCI-DIST] conformance, category Pull.</summary>
public sealed class PullConformanceTests : RegistryTest
{
    [Theory]
    [InlineData("GET")]
    [InlineData("HEAD")]
    public async Task Blob_Missing_Is404(string method) =>
        await ExpectAsync(new HttpMethod(method), $"/v2/team/app/blobs/{TestRegistry.DigestOf("nothing")}", HttpStatusCode.NotFound);

    [Fact]
    public async Task Blob_Present_IsServedWithLengthAndDigest()
    {
        byte[] content = Encoding.UTF8.GetBytes("hello");
        string digest = await Registry.PushBlobAsync("team/app", content);
        using HttpResponseMessage head = await SendAsync(HttpMethod.Head, $"/v2/team/app/blobs/{digest}");
        Assert.Equal(HttpStatusCode.OK, head.StatusCode);
        Assert.Equal(5, head.Content.Headers.ContentLength);
        Assert.Equal(digest, head.Headers.GetValues("Docker-Content-Digest").Single());
        Assert.Equal(content, await Client.GetByteArrayAsync($"/v2/team/app/blobs/{digest}", Cancellation));
    }

    [Fact]
    public async Task Blob_OfAnotherRepository_Is404()
    {
        string digest = await Registry.PushBlobAsync("team/app", [1, 2, 3]);
        await ExpectErrorAsync(await SendAsync(HttpMethod.Get, $"/v2/team/other/blobs/{digest}"), HttpStatusCode.NotFound, "BLOB_UNKNOWN");
    }

    [Theory]
    [InlineData(0L, 3L, HttpStatusCode.PartialContent, "0123", "bytes 0-3/10")]
    [InlineData(4L, null, HttpStatusCode.PartialContent, "456789", "bytes 4-9/10")]
    [InlineData(null, 2L, HttpStatusCode.PartialContent, "89", "bytes 8-9/10")]
    [InlineData(8L, 100L, HttpStatusCode.PartialContent, "89", "bytes 8-9/10")]
    [InlineData(10L, null, HttpStatusCode.RequestedRangeNotSatisfiable, null, "bytes */10")]
    public async Task Blob_Range_IsHonoured(long? from, long? to, HttpStatusCode status, string? expected, string range)
    {
        string digest = await Registry.PushBlobAsync("team/app", Encoding.UTF8.GetBytes("0123456789"));
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/v2/team/app/blobs/{digest}") { Headers = { Range = new RangeHeaderValue(from, to) } };
        using HttpResponseMessage response = await Client.SendAsync(request, Cancellation);
        Assert.Equal(status, response.StatusCode);
        Assert.Equal(range, response.Content.Headers.ContentRange?.ToString());
        if (expected is not null)
        {
            Assert.Equal(expected, await response.Content.ReadAsStringAsync(Cancellation));
        }
    }

    [Theory]
    [InlineData("bytes=5-0")]
    [InlineData("bytes=x-y")]
    [InlineData("lines=0-3")]
    public async Task Blob_RangeThatIsNone_IsIgnored(string range)
    {
        string digest = await Registry.PushBlobAsync("team/app", Encoding.UTF8.GetBytes("0123456789"));
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/v2/team/app/blobs/{digest}");
        request.Headers.TryAddWithoutValidation("Range", range);
        using HttpResponseMessage response = await Client.SendAsync(request, Cancellation);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("0123456789", await response.Content.ReadAsStringAsync(Cancellation));
    }

    [Theory]
    [InlineData("GET", ".INVALID_MANIFEST_NAME")]
    [InlineData("HEAD", ".INVALID_MANIFEST_NAME")]
    [InlineData("GET", "missing")]
    [InlineData("HEAD", "missing")]
    public async Task Manifest_Missing_Is404(string method, string reference) =>
        await ExpectAsync(new HttpMethod(method), $"/v2/team/app/manifests/{reference}", HttpStatusCode.NotFound);

    [Fact]
    public async Task Manifest_ByTagAndDigest_IsServedAsItWasPushed()
    {
        string json = await Registry.PushImageAsync("team/app", "v1");
        string digest = TestRegistry.DigestOf(json);
        foreach (string reference in (string[])["v1", digest])
        {
            using HttpResponseMessage head = await SendAsync(HttpMethod.Head, $"/v2/team/app/manifests/{reference}");
            Assert.Equal(HttpStatusCode.OK, head.StatusCode);
            Assert.Equal(digest, head.Headers.GetValues("Docker-Content-Digest").Single());
            using HttpResponseMessage get = await SendAsync(HttpMethod.Get, $"/v2/team/app/manifests/{reference}");
            Assert.Equal(TestRegistry.OciManifest, get.Content.Headers.ContentType?.ToString());
            Assert.Equal(json, await get.Content.ReadAsStringAsync(Cancellation));
        }
    }

    [Fact]
    public async Task Errors_AreJsonWithCodes() =>
        await ExpectErrorAsync(await SendAsync(HttpMethod.Get, "/v2/team/app/manifests/missing"), HttpStatusCode.NotFound, "MANIFEST_UNKNOWN");

    [Theory]
    [InlineData("/v2/UPPER/manifests/v1")]
    [InlineData("/v2/a//b/manifests/v1")]
    [InlineData("/v2/a_.b/tags/list")]
    [InlineData("/v2/../../etc/blobs/uploads/")]
    public async Task Names_ThatAreNone_AreRefused(string address)
    {
        using HttpResponseMessage response = await Client.GetAsync(new Uri(Client.BaseAddress!.GetLeftPart(UriPartial.Authority) + address, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }), Cancellation);
        Assert.True(response.StatusCode is HttpStatusCode.BadRequest or HttpStatusCode.NotFound or HttpStatusCode.MethodNotAllowed, response.StatusCode.ToString());
    }

    [Fact]
    public async Task Base_Answers() => await ExpectAsync(HttpMethod.Get, "/v2/", HttpStatusCode.OK);
}
