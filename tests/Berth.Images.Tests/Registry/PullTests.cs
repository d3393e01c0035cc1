using Berth.Images.Registry;
using Berth.Images.Spec;
using Berth.Testing;

namespace Berth.Images.Tests.Registry;

/// <summary>Pulls from registries that mean well but break down.</summary>
public sealed class PullTests : IAsyncLifetime
{
    private readonly TestStore _test = new();
    private ServedImage _image = ServedImage.OfFiles("a", "b", "c");
    private ScriptedRegistry _registry = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static RegistryConfig Config { get; } = new() { RetryDelay = TimeSpan.FromMilliseconds(1), StallTimeout = TimeSpan.FromSeconds(10) };

    public ValueTask InitializeAsync()
    {
        _registry = new ScriptedRegistry(request => _image.Answer(request));
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _registry.DisposeAsync();
        _test.Dispose();
    }

    [Fact]
    public async Task Pull_ByTag_BringsTheImageWithBothNames()
    {
        PulledImage pulled = await PullAsync();
        Assert.False(pulled.WasPresent);
        Assert.Equal([$"{_registry.Authority}/team/app:v1"], pulled.Image.RepoTags);
        Assert.Equal([$"{_registry.Authority}/team/app@{pulled.Digest}"], pulled.Image.RepoDigests);
        Assert.All(["a", "b", "c"], name => Assert.Contains(_test.Store.LayerDirectories(pulled.Image), folder => File.Exists(Path.Combine(folder, name))));
        Assert.Empty(_test.Leftovers());
    }

    [Fact]
    public async Task Pull_Again_AsksForNoLayer()
    {
        await PullAsync();
        _registry.Requests.Clear();
        Assert.True((await PullAsync()).WasPresent);
        Assert.DoesNotContain(_registry.Requests, request => request.Method == "GET" && request.Path != "/v2/");
    }

    [Fact]
    public async Task Pull_MovedTag_BringsOnlyWhatIsNew()
    {
        await PullAsync();
        byte[] tar = new TarBuilder().File("d", "new").Build();
        Digest known = _image.LayerDigests[0];
        _image.Layer(tar, Digest.Of(tar), MediaTypes.OciLayer).Tag("v1");
        _registry.Requests.Clear();
        PulledImage second = await PullAsync();
        Assert.False(second.WasPresent);
        Assert.Equal(4, second.Image.ChainIds.Count);
        Assert.DoesNotContain(_registry.Requests, request => request.Path.EndsWith(known.ToString(), StringComparison.Ordinal));
    }

    [Fact]
    public async Task Pull_ByDigest_HasNoTag()
    {
        Digest digest = _image.Tag("v1");
        PulledImage pulled = await PullAsync(_registry.Reference($"team/app@{digest}"));
        Assert.Empty(pulled.Image.RepoTags);
        Assert.Equal(pulled.Image.Id, _test.Store.Get($"{_registry.Authority}/team/app@{digest}").Id);
        Assert.Equal(pulled.Image.Id, _test.Store.Get($"{_registry.Authority}/team/app:whatever@{digest}").Id);
    }

    [Theory]
    [InlineData(MediaTypes.DockerManifest, MediaTypes.DockerConfig, MediaTypes.DockerLayerGzip)]
    [InlineData(MediaTypes.OciManifest, MediaTypes.OciConfig, MediaTypes.OciLayerGzip)]
    public async Task Pull_EitherFamilyOfMediaTypes(string manifest, string config, string layer)
    {
        byte[] tar = new TarBuilder().File("x", "y").Build();
        _image = new ServedImage { ManifestType = manifest, ConfigType = config }.Layer(ArchiveBuilder.Gzip(tar), Digest.Of(tar), layer);
        _image.Tag("v1");
        Assert.Equal(manifest, (await PullAsync()).Image.Manifest.MediaType);
    }

    [Fact]
    public async Task Pull_ZstdLayer()
    {
        using var folder = new TemporaryDirectory();
        byte[] tar = new TarBuilder().File("x", "y").Build();
        await File.WriteAllBytesAsync(folder.Combine("t"), tar, Cancellation);
        (await Command.RunAsync("zstd", ["-q", folder.Combine("t")], cancellationToken: Cancellation)).Expect();
        _image = new ServedImage().Layer(await File.ReadAllBytesAsync(folder.Combine("t.zst"), Cancellation), Digest.Of(tar), MediaTypes.OciLayerZstd);
        _image.Tag("v1");
        PulledImage pulled = await PullAsync();
        Assert.True(File.Exists(Path.Combine(_test.Store.LayerDirectories(pulled.Image).Single(), "x")));
    }

    [Fact]
    public async Task Pull_Index_TakesThePlatformThatIsWanted()
    {
        byte[] amd = _image.Manifest();
        var arm = new ServedImage { Architecture = "arm64" };
        byte[] tar = new TarBuilder().File("arm").Build();
        byte[] armManifest = arm.Layer(tar, Digest.Of(tar), MediaTypes.OciLayer).Manifest();
        byte[] index = ServedImage.Index((armManifest, "arm64", "v8"), (amd, "amd64", null));
        foreach ((Digest digest, byte[] blob) in arm.Blobs)
        {
            _image.Blobs[digest] = blob;
        }
        _image.Tag("amd", amd, MediaTypes.OciManifest);
        _image.Tag("arm", armManifest, MediaTypes.OciManifest);
        _image.Tag("v1", index, MediaTypes.OciIndex);

        PulledImage host = await PullAsync();
        Assert.Equal("amd64", host.Image.Config.Architecture);
        Assert.Equal(Digest.Of(index), host.Digest);
        PulledImage other = await PullAsync(platform: "linux/arm64");
        Assert.Equal("arm64", other.Image.Config.Architecture);
        Assert.Equal("arm64", (await PullAsync(platform: "linux/arm64/v8")).Image.Config.Architecture);
        ImageException none = await Assert.ThrowsAsync<ImageException>(() => PullAsync(platform: "linux/riscv64"));
        Assert.Contains("linux/arm64/v8, linux/amd64", none.Message, StringComparison.Ordinal);
        Assert.Equal(ImageErrorCode.NotFound, (await Assert.ThrowsAsync<ImageException>(() => PullAsync(_registry.Reference("team/app:amd"), "linux/arm64"))).Code);
    }

    [Fact]
    public async Task Pull_BrokenDownload_GoesOnWhereItEnded()
    {
        Digest layer = _image.LayerDigests[1];
        int tries = 0;
        _registry.Answer = request => request.Path.EndsWith(layer.ToString(), StringComparison.Ordinal) && Interlocked.Increment(ref tries) <= 2
            ? ServedImage.Blob(request, _image.Blobs[layer]) with { CutAfter = 30_000 }
            : _image.Answer(request);
        await PullAsync();
        IEnumerable<string?> ranges = [.. _registry.Requests.Where(request => request.Path.EndsWith(layer.ToString(), StringComparison.Ordinal)).Select(request => request["Range"])];
        Assert.Equal<string?>([null, "bytes=30000-", "bytes=60000-"], ranges);
    }

    [Fact]
    public async Task Pull_BrokenDownloadWithoutRanges_BeginsAnew()
    {
        Digest layer = _image.LayerDigests[1];
        int tries = 0;
        _registry.Answer = request => !request.Path.EndsWith(layer.ToString(), StringComparison.Ordinal) ? _image.Answer(request)
            : new ScriptedResponse { Body = _image.Blobs[layer], CutAfter = Interlocked.Increment(ref tries) == 1 ? 30_000 : null };
        await PullAsync();
        Assert.Equal(2, tries);
    }

    [Fact]
    public async Task Pull_GivenUpAndStoreReopened_GoesOnFromThePartialDownload()
    {
        Digest layer = _image.LayerDigests[2];
        bool broken = true;
        int served = 0;
        // Without a byte of progress after the first piece, the pull gives up.
        _registry.Answer = request => !broken || !request.Path.EndsWith(layer.ToString(), StringComparison.Ordinal) ? _image.Answer(request)
            : ServedImage.Blob(request, _image.Blobs[layer]) with { CutAfter = Interlocked.Increment(ref served) == 1 ? 50_000 : 0 };
        ImageException given = await Assert.ThrowsAsync<ImageException>(() => PullAsync());
        Assert.Equal(ImageErrorCode.Unavailable, given.Code);
        Assert.Contains("50000 of", given.Message, StringComparison.Ordinal);
        Assert.Empty(_test.Leftovers());
        Assert.Equal(50_000, Partials().Single(file => file.Name == layer.Hex).Length);

        _test.Reopen();
        broken = false;
        _registry.Requests.Clear();
        await PullAsync();
        Assert.Equal("bytes=50000-", _registry.Requests.Single(request => request.Path.EndsWith(layer.ToString(), StringComparison.Ordinal))["Range"]);
        Assert.Empty(Partials());
    }

    [Fact]
    public async Task Pull_Cancelled_LeavesOnlyPartialDownloadsWhichAPruneTakes()
    {
        Digest layer = _image.LayerDigests[2];
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var reached = new TaskCompletionSource();
        _registry.Answer = request =>
        {
            if (!request.Path.EndsWith(layer.ToString(), StringComparison.Ordinal))
            {
                return _image.Answer(request);
            }
            reached.TrySetResult();
            return new ScriptedResponse { Body = _image.Blobs[layer][..40_000], ContentLength = _image.Blobs[layer].Length, Endless = false };
        };
        // The answer is cut off again and again; the pull is cancelled in the midst of it.
        Task pulling = _test.Store.PullAsync(new PullRequest { Reference = _registry.Reference() }, Config with { Retries = 1000, RetryDelay = TimeSpan.FromSeconds(1) }, null, stop.Token);
        await reached.Task;
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => pulling);
        Assert.Empty(_test.Store.List());
        Assert.Empty(_test.Leftovers());
        _test.Store.Prune(all: false);
        Assert.Empty(Partials());
    }

    [Fact]
    public async Task Pull_PartialOfOtherContent_IsFoundOutAndFetchedAnew()
    {
        Digest layer = _image.LayerDigests[0];
        string partial = Path.Combine(_test.Path, "partial", layer.Hex);
        await File.WriteAllBytesAsync(partial, new byte[1000], Cancellation);
        Assert.Equal(ImageErrorCode.InvalidArchive, (await Assert.ThrowsAsync<ImageException>(() => PullAsync())).Code);
        Assert.False(File.Exists(partial));
        await PullAsync();
    }

    [Theory]
    [InlineData(429)]
    [InlineData(500)]
    [InlineData(503)]
    public async Task Pull_PassingFailures_AreTriedAgain(int status)
    {
        int left = 3;
        _registry.Answer = request => request.Path.Contains("/blobs/", StringComparison.Ordinal) && Interlocked.Decrement(ref left) >= 0
            ? new ScriptedResponse(status) { Headers = [("Retry-After", "0")] }
            : _image.Answer(request);
        await PullAsync();
    }

    [Fact]
    public async Task Pull_RateLimitedForLong_SaysSoAtOnce()
    {
        _registry.Answer = request => request.Path.Contains("/manifests/", StringComparison.Ordinal)
            ? ScriptedResponse.Text("""{"errors":[{"code":"TOOMANYREQUESTS","message":"slow down"}]}""", ("Retry-After", "3600")) with { Status = 429 }
            : _image.Answer(request);
        ImageException limited = await Assert.ThrowsAsync<ImageException>(() => PullAsync());
        Assert.Contains("slow down", limited.Message, StringComparison.Ordinal);
        Assert.Contains("berth login", limited.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pull_RegistryThatHangs_IsGivenUp()
    {
        using var never = new ManualResetEventSlim();
        _registry.Answer = request =>
        {
            if (request.Path.Contains("/manifests/", StringComparison.Ordinal))
            {
                never.Wait(Cancellation);
            }
            return _image.Answer(request);
        };
        ImageException hung = await Assert.ThrowsAsync<ImageException>(
            () => _test.Store.PullAsync(new PullRequest { Reference = _registry.Reference() }, Config with { StallTimeout = TimeSpan.FromMilliseconds(200), Retries = 1 }, null, Cancellation));
        never.Set();
        Assert.Equal(ImageErrorCode.Unavailable, hung.Code);
    }

    [Fact]
    public async Task Pull_NobodyThere_NamesTheRegistry()
    {
        await _registry.DisposeAsync();
        ImageException nobody = await Assert.ThrowsAsync<ImageException>(() => PullAsync());
        Assert.Equal(ImageErrorCode.Unavailable, nobody.Code);
        Assert.Contains("127.0.0.1:", nobody.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pull_UnknownTag_IsNotFound()
    {
        ImageException missing = await Assert.ThrowsAsync<ImageException>(() => PullAsync(_registry.Reference("team/app:none")));
        Assert.Equal(ImageErrorCode.NotFound, missing.Code);
        Assert.Contains("manifest none of", missing.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pull_TwiceAtOnce_DownloadsEachLayerOnce()
    {
        await Task.WhenAll(PullAsync(), PullAsync());
        Assert.All(_image.LayerDigests, layer => Assert.Single(_registry.Requests, request => request.Method == "GET" && request.Path.EndsWith(layer.ToString(), StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Pull_Progress_TellsDockersSteps()
    {
        var seen = new List<ImageProgress>();
        await _test.Store.PullAsync(new PullRequest { Reference = _registry.Reference() }, Config, new Recorder(seen), Cancellation);
        string id = _image.LayerDigests[0].Hex[..12];
        string[] steps = [.. seen.Where(step => step.Id == id).Select(step => step.Status).Distinct()];
        Assert.Equal(["Pulling fs layer", "Downloading", "Verifying Checksum", "Download complete", "Extracting", "Pull complete"], steps);
        Assert.Contains(seen, step => step is { Id: "v1", Status: "Pulling from team/app" });
    }

    [Fact]
    public async Task Pull_Mirror_IsAskedFirstAndSeesNoCredentials()
    {
        await using var mirror = new ScriptedRegistry(request => request["Authorization"] is null
            ? new ScriptedResponse(401) { Headers = [("WWW-Authenticate", "Basic realm=\"x\"")] }
            : throw new InvalidOperationException("credentials"));
        RegistryConfig config = Config with { Mirrors = [new RegistryMirror(_registry.Authority, new Uri($"http://{mirror.Authority}"))] };
        await _test.Store.PullAsync(new PullRequest { Reference = _registry.Reference(), Credentials = new RegistryCredentials { Username = "ann", Password = "secret" } }, config, null, Cancellation);
        Assert.NotEmpty(mirror.Requests);
        Assert.All(mirror.Requests, request => Assert.Null(request["Authorization"]));

        mirror.Answer = _image.Answer;
        _test.Store.Remove(_registry.Reference().ToString());
        _registry.Requests.Clear();
        await _test.Store.PullAsync(new PullRequest { Reference = _registry.Reference() }, config, null, Cancellation);
        Assert.Empty(_registry.Requests);
    }

    [Fact]
    public async Task Remove_LastTag_TakesTheDigestAlong()
    {
        PulledImage pulled = await PullAsync();
        IReadOnlyList<RemovedImage> removed = _test.Store.Remove(_registry.Reference().ToString());
        Assert.Equal([null, null, pulled.Image.Id], removed.Select(effect => effect.Deleted));
        Assert.Empty(_test.Store.List());
    }

    [Fact]
    public async Task RemoteTags_FollowPages()
    {
        _registry.Answer = request => request.Target switch
        {
            "/v2/" => new ScriptedResponse(),
            "/v2/team/app/tags/list?n=1000" => ScriptedResponse.Text("""{"name":"team/app","tags":["a","b"]}""", ("Link", "</v2/team/app/tags/list?n=1000&last=b>; rel=\"next\"")),
            _ => ScriptedResponse.Text("""{"tags":["c"]}"""),
        };
        IReadOnlyList<ImageReference> tags = await _test.Store.RemoteTagsAsync(new PullRequest { Reference = ImageReference.Parse($"{_registry.Authority}/team/app") }, Config, Cancellation);
        Assert.Equal(["a", "b", "c"], tags.Select(tag => tag.Tag));
    }

    private FileInfo[] Partials() => new DirectoryInfo(Path.Combine(_test.Path, "partial")).GetFiles();

    private Task<PulledImage> PullAsync(ImageReference? reference = null, string? platform = null) => _test.Store.PullAsync(
        new PullRequest { Reference = reference ?? _registry.Reference(), Platform = PlatformChoice.Parse(platform) }, Config, null, Cancellation);

    private sealed class Recorder(List<ImageProgress> seen) : IProgress<ImageProgress>
    {
        public void Report(ImageProgress value)
        {
            lock (seen)
            {
                seen.Add(value);
            }
        }
    }
}
