using System.Net;
using System.Text.Json;

namespace Berth.Registry.Tests;

/// <summary>[OCI-DIST] conformance, category Content Discovery.</summary>
public sealed class DiscoveryConformanceTests : RegistryTest
{
    private const string Repository = "team/app";

    [Fact]
    public async Task Tags_InLexicalOrder_PageByPage()
    {
        string json = await Registry.PushImageAsync(Repository, "b");
        foreach (string tag in (string[])["a", "c", "B", "a.1", "_x"])
        {
            (await Registry.PutManifestAsync(Repository, tag, json)).Dispose();
        }
        string[] expected = ["B", "_x", "a", "a.1", "b", "c"];
        Assert.Equal(expected, Tags(await GetJsonAsync($"/v2/{Repository}/tags/list")));
        Assert.Equal(expected[..4], Tags(await GetJsonAsync($"/v2/{Repository}/tags/list?n=4")));
        Assert.Empty(Tags(await GetJsonAsync($"/v2/{Repository}/tags/list?n=0")));
        Assert.Equal(expected[3..5], Tags(await GetJsonAsync($"/v2/{Repository}/tags/list?n=2&last=a")));
        Assert.Equal(expected[2..], Tags(await GetJsonAsync($"/v2/{Repository}/tags/list?last=_zzz")));

        var seen = new List<string>();
        string? next = $"/v2/{Repository}/tags/list?n=2";
        while (next is not null)
        {
            using HttpResponseMessage page = await Client.GetAsync(next, Cancellation);
            using JsonDocument body = JsonDocument.Parse(await page.Content.ReadAsStringAsync(Cancellation));
            seen.AddRange(Tags(body.RootElement));
            next = page.Headers.TryGetValues("Link", out IEnumerable<string>? links) ? links.Single().Split('<', '>')[1] : null;
        }
        Assert.Equal(expected, seen);
    }

    [Fact]
    public async Task Tags_OfUnknownRepository_Is404() =>
        await ExpectErrorAsync(await SendAsync(HttpMethod.Get, "/v2/none/tags/list"), HttpStatusCode.NotFound, "NAME_UNKNOWN");

    [Theory]
    [InlineData("-1")]
    [InlineData("x")]
    [InlineData("99999999999999999999")]
    public async Task Tags_WithABadCount_Is400(string n)
    {
        await Registry.PushImageAsync(Repository, "v1");
        await ExpectAsync(HttpMethod.Get, $"/v2/{Repository}/tags/list?n={n}", HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task Catalog_ListsRepositories_PageByPage()
    {
        foreach (string name in (string[])["b", "a/c", "a"])
        {
            await Registry.PushImageAsync(name, "v1");
        }
        Assert.Equal(["a", "a/c", "b"], Strings(await GetJsonAsync("/v2/_catalog"), "repositories"));
        Assert.Equal(["a/c"], Strings(await GetJsonAsync("/v2/_catalog?n=1&last=a"), "repositories"));
    }

    [Fact]
    public async Task Referrers_OfNothing_IsAnEmptyIndex()
    {
        using HttpResponseMessage response = await SendAsync(HttpMethod.Get, $"/v2/{Repository}/referrers/{TestRegistry.DigestOf("x")}");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(TestRegistry.OciIndex, response.Content.Headers.ContentType?.ToString());
        using JsonDocument json = JsonDocument.Parse(await response.Content.ReadAsStringAsync(Cancellation));
        Assert.Equal(2, json.RootElement.GetProperty("schemaVersion").GetInt32());
        Assert.Equal(0, json.RootElement.GetProperty("manifests").GetArrayLength());
    }

    [Fact]
    public async Task Referrers_OfABadDigest_Is400() => await ExpectAsync(HttpMethod.Get, $"/v2/{Repository}/referrers/sha256:xyz", HttpStatusCode.BadRequest);

    [Fact]
    public async Task Referrers_BeforeAndAfterTheirSubject_AreListedAndFiltered()
    {
        string config = await Registry.PushBlobAsync(Repository, "{}"u8.ToArray());
        string subject = TestRegistry.Manifest(config, 2, []);
        string about = $$"""{"mediaType":"{{TestRegistry.OciManifest}}","digest":"{{TestRegistry.DigestOf(subject)}}","size":{{subject.Length}}}""";
        string signature = TestRegistry.Manifest(config, 2, [], $"\"artifactType\":\"test/signature\",\"annotations\":{{\"by\":\"ann\"}},\"subject\":{about},");
        string other = TestRegistry.Manifest(config, 2, [], $"\"subject\":{about},", configType: "test/bill");
        using (HttpResponseMessage early = await Registry.PutManifestAsync(Repository, TestRegistry.DigestOf(signature), signature))
        {
            Assert.Equal(HttpStatusCode.Created, early.StatusCode);
            Assert.Equal(TestRegistry.DigestOf(subject), early.Headers.GetValues("OCI-Subject").Single());
        }
        (await Registry.PutManifestAsync(Repository, "v1", subject)).Dispose();
        (await Registry.PutManifestAsync(Repository, "bill", other)).Dispose();

        JsonElement all = await GetJsonAsync($"/v2/{Repository}/referrers/{TestRegistry.DigestOf(subject)}");
        Assert.Equal(2, all.GetProperty("manifests").GetArrayLength());
        using HttpResponseMessage filtered = await SendAsync(HttpMethod.Get, $"/v2/{Repository}/referrers/{TestRegistry.DigestOf(subject)}?artifactType=test/signature");
        Assert.Equal("artifactType", filtered.Headers.GetValues("OCI-Filters-Applied").Single());
        using JsonDocument json = JsonDocument.Parse(await filtered.Content.ReadAsStringAsync(Cancellation));
        JsonElement only = Assert.Single(json.RootElement.GetProperty("manifests").EnumerateArray());
        Assert.Equal(TestRegistry.DigestOf(signature), only.GetProperty("digest").GetString());
        Assert.Equal("test/signature", only.GetProperty("artifactType").GetString());
        Assert.Equal(signature.Length, only.GetProperty("size").GetInt32());
        Assert.Equal("ann", only.GetProperty("annotations").GetProperty("by").GetString());
        // Without artifactType, the configuration's media type stands for it.
        JsonElement bill = await GetJsonAsync($"/v2/{Repository}/referrers/{TestRegistry.DigestOf(subject)}?artifactType=test/bill");
        Assert.Equal(TestRegistry.DigestOf(other), Assert.Single(bill.GetProperty("manifests").EnumerateArray()).GetProperty("digest").GetString());

        await ExpectAsync(HttpMethod.Delete, $"/v2/{Repository}/manifests/{TestRegistry.DigestOf(signature)}", HttpStatusCode.Accepted);
        JsonElement left = await GetJsonAsync($"/v2/{Repository}/referrers/{TestRegistry.DigestOf(subject)}");
        Assert.Equal(1, left.GetProperty("manifests").GetArrayLength());
    }

    [Fact]
    public async Task Referrers_ManyOfThem_ComePageByPage()
    {
        const int Count = 501;
        string config = await Registry.PushBlobAsync(Repository, "{}"u8.ToArray());
        string subject = TestRegistry.DigestOf("some subject");
        for (int i = 0; i < Count; i++)
        {
            string json = TestRegistry.Manifest(config, 2, [], $"\"annotations\":{{\"n\":\"{i}\"}},\"subject\":{{\"mediaType\":\"{TestRegistry.OciManifest}\",\"digest\":\"{subject}\",\"size\":1}},");
            (await Registry.PutManifestAsync(Repository, TestRegistry.DigestOf(json), json)).Dispose();
        }
        using HttpResponseMessage first = await SendAsync(HttpMethod.Get, $"/v2/{Repository}/referrers/{subject}");
        using JsonDocument page = JsonDocument.Parse(await first.Content.ReadAsStringAsync(Cancellation));
        JsonElement rest = await GetJsonAsync(first.Headers.GetValues("Link").Single().Split('<', '>')[1]);
        string[] all = [.. page.RootElement.GetProperty("manifests").EnumerateArray().Concat(rest.GetProperty("manifests").EnumerateArray()).Select(entry => entry.GetProperty("digest").GetString()!)];
        Assert.Equal(Count, all.Distinct().Count());
        Assert.Equal(Count, all.Length);
    }

    private static string[] Tags(JsonElement list) => Strings(list, "tags");

    private static string[] Strings(JsonElement list, string name) => [.. list.GetProperty(name).EnumerateArray().Select(item => item.GetString()!)];
}
