using System.Net;
using Berth.Registry.Hosting;
using Berth.Registry.Store;

namespace Berth.Registry.Tests;

/// <summary>[OCI-DIST] conformance, category Content Management, and the collection of what it leaves.</summary>
public sealed class ManagementConformanceTests : RegistryTest
{
    private const string Repository = "team/app";

    [Fact]
    public async Task Delete_Tag_LeavesTheManifest()
    {
        string json = await Registry.PushImageAsync(Repository, "v1");
        await ExpectAsync(HttpMethod.Delete, $"/v2/{Repository}/manifests/v1", HttpStatusCode.Accepted);
        await ExpectAsync(HttpMethod.Get, $"/v2/{Repository}/manifests/v1", HttpStatusCode.NotFound);
        await ExpectAsync(HttpMethod.Get, $"/v2/{Repository}/manifests/{TestRegistry.DigestOf(json)}", HttpStatusCode.OK);
    }

    [Fact]
    public async Task Delete_Manifest_TakesItsTagsAlong()
    {
        string json = await Registry.PushImageAsync(Repository, "v1");
        string other = await Registry.PushImageAsync(Repository, "v2");
        await ExpectAsync(HttpMethod.Delete, $"/v2/{Repository}/manifests/{TestRegistry.DigestOf(json)}", HttpStatusCode.Accepted);
        await ExpectAsync(HttpMethod.Get, $"/v2/{Repository}/manifests/{TestRegistry.DigestOf(json)}", HttpStatusCode.NotFound);
        await ExpectAsync(HttpMethod.Get, $"/v2/{Repository}/manifests/v1", HttpStatusCode.NotFound);
        await ExpectAsync(HttpMethod.Get, $"/v2/{Repository}/manifests/{TestRegistry.DigestOf(other)}", HttpStatusCode.OK);
        await ExpectAsync(HttpMethod.Delete, $"/v2/{Repository}/manifests/{TestRegistry.DigestOf(json)}", HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Delete_Blob_TakesItFromThisRepositoryAlone()
    {
        string digest = await Registry.PushBlobAsync(Repository, [1, 2, 3]);
        await Registry.PushBlobAsync("team/other", [1, 2, 3]);
        await ExpectAsync(HttpMethod.Delete, $"/v2/{Repository}/blobs/{digest}", HttpStatusCode.Accepted);
        await ExpectAsync(HttpMethod.Get, $"/v2/{Repository}/blobs/{digest}", HttpStatusCode.NotFound);
        await ExpectAsync(HttpMethod.Delete, $"/v2/{Repository}/blobs/{digest}", HttpStatusCode.NotFound);
        await ExpectAsync(HttpMethod.Get, $"/v2/team/other/blobs/{digest}", HttpStatusCode.OK);
    }

    [Fact]
    public async Task Collect_AfterADeletion_FreesTheContentAndKeepsTheRest()
    {
        string json = await Registry.PushImageAsync(Repository, "old");
        string kept = await Registry.PushImageAsync(Repository, "new");
        await ExpectAsync(HttpMethod.Delete, $"/v2/{Repository}/manifests/{TestRegistry.DigestOf(json)}", HttpStatusCode.Accepted);
        int before = Blobs();
        string? said = await ControlEndpoint.AskAsync(Path.Combine(Registry.Directory, "control.sock"), deleteUntagged: false, TimeSpan.Zero, Cancellation);
        Assert.StartsWith("removed 2 blobs", said, StringComparison.Ordinal); // the manifest and its layer; the configuration is shared
        Assert.Equal(before - 2, Blobs());
        await ExpectAsync(HttpMethod.Get, $"/v2/{Repository}/manifests/new", HttpStatusCode.OK);
        foreach (string digest in kept.Split('"').Where(text => text.StartsWith("sha256:", StringComparison.Ordinal)))
        {
            await ExpectAsync(HttpMethod.Get, $"/v2/{Repository}/blobs/{digest}", HttpStatusCode.OK);
        }
    }

    [Fact]
    public async Task Collect_BesideAPush_KeepsBlobsThatNoManifestNamesYet()
    {
        string config = await Registry.PushBlobAsync(Repository, "{}"u8.ToArray());
        string upload = await Registry.BeginAsync(Repository);
        await ControlEndpoint.AskAsync(Path.Combine(Registry.Directory, "control.sock"), deleteUntagged: true, TimeSpan.FromHours(1), Cancellation);
        using HttpResponseMessage response = await Registry.PutManifestAsync(Repository, "v1", TestRegistry.Manifest(config, 2, []));
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        await ExpectAsync(HttpMethod.Get, upload, HttpStatusCode.NoContent);
    }

    [Fact]
    public async Task Collect_Untagged_KeepsWhatTagsLeadToAndItsReferrers()
    {
        string config = await Registry.PushBlobAsync(Repository, "{}"u8.ToArray());
        string child = TestRegistry.Manifest(config, 2, [], "\"annotations\":{\"is\":\"child\"},");
        string lost = TestRegistry.Manifest(config, 2, [], "\"annotations\":{\"is\":\"lost\"},");
        string index = $$"""{"schemaVersion":2,"mediaType":"{{TestRegistry.OciIndex}}","manifests":[{"mediaType":"{{TestRegistry.OciManifest}}","digest":"{{TestRegistry.DigestOf(child)}}","size":{{child.Length}}}]}""";
        string signature = TestRegistry.Manifest(config, 2, [], $"\"subject\":{{\"mediaType\":\"{TestRegistry.OciManifest}\",\"digest\":\"{TestRegistry.DigestOf(child)}\",\"size\":{child.Length}}},");
        foreach (string json in (string[])[child, lost, signature])
        {
            (await Registry.PutManifestAsync(Repository, TestRegistry.DigestOf(json), json)).Dispose();
        }
        (await Registry.PutManifestAsync(Repository, "all", index, TestRegistry.OciIndex)).Dispose();
        await ControlEndpoint.AskAsync(Path.Combine(Registry.Directory, "control.sock"), deleteUntagged: true, TimeSpan.Zero, Cancellation);
        foreach (string json in (string[])[child, signature, index])
        {
            await ExpectAsync(HttpMethod.Get, $"/v2/{Repository}/manifests/{TestRegistry.DigestOf(json)}", HttpStatusCode.OK);
        }
        await ExpectAsync(HttpMethod.Get, $"/v2/{Repository}/manifests/{TestRegistry.DigestOf(lost)}", HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Collect_WhilePushesGoOn_LosesNothing()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        Task collecting = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                await ControlEndpoint.AskAsync(Path.Combine(Registry.Directory, "control.sock"), deleteUntagged: true, TimeSpan.FromMinutes(1), Cancellation);
            }
        }, Cancellation);
        string[] pushed = await Task.WhenAll(Enumerable.Range(0, 4).Select(async worker =>
        {
            string last = "";
            for (int i = 0; i < 10; i++)
            {
                last = await Registry.PushImageAsync($"team/app{worker}", "v1");
            }
            return last;
        }));
        await stop.CancelAsync();
        await collecting;
        for (int worker = 0; worker < pushed.Length; worker++)
        {
            Assert.Equal(pushed[worker], await Client.GetStringAsync($"/v2/team/app{worker}/manifests/v1", Cancellation));
            foreach (string digest in pushed[worker].Split('"').Where(text => text.StartsWith("sha256:", StringComparison.Ordinal)))
            {
                await ExpectAsync(HttpMethod.Get, $"/v2/team/app{worker}/blobs/{digest}", HttpStatusCode.OK);
            }
        }
    }

    [Fact]
    public async Task Store_OpenTwice_IsRefused()
    {
        await Task.CompletedTask;
        Assert.Throws<IOException>(() => new RegistryStore(Registry.Directory, TimeProvider.System));
    }

    [Fact]
    public async Task Upload_LeftForADay_IsForgotten()
    {
        string upload = await Registry.BeginAsync(Repository);
        await Registry.RestartAsync(time: new Later(TimeSpan.FromHours(25)));
        await ExpectAsync(HttpMethod.Get, upload, HttpStatusCode.NotFound);
    }

    private int Blobs() => Directory.GetFiles(Path.Combine(Registry.Directory, "blobs"), "*", SearchOption.AllDirectories).Length;

    private sealed class Later(TimeSpan by) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + by;
    }
}
