using System.Text;
using Berth.Images.Spec;
using Berth.Images.Tar;
using Berth.Testing;

namespace Berth.Images.Tests;

public sealed class ImageStoreTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static ArchiveBuilder Sample(string content = "x", string tag = "sample:1") => new ArchiveBuilder().Layer(new TarBuilder().File("a", content)).Tag(tag);

    [Fact]
    public async Task LoadAsync_WrongDiffId_IsRefusedAndLeavesNothing()
    {
        using var store = new TestStore();
        ArchiveBuilder archive = new ArchiveBuilder().Layer(new TarBuilder().File("a", "x")).Layer(new TarBuilder().File("b", "x"), diffId: Digest.Of("other"u8)).Tag("bad:1");
        await RefusedAsync(store, archive.Docker(), "diff id");
    }

    [Fact]
    public async Task LoadAsync_BlobWithWrongDigest_IsRefusedAndLeavesNothing()
    {
        using var store = new TestStore();
        var tar = new TarBuilder().File("oci-layout", "{}").File("blobs/sha256/" + Digest.Of("a"u8).Hex, "b");
        await RefusedAsync(store, new MemoryStream(tar.Build()), "was announced");
    }

    [Fact]
    public async Task LoadAsync_AnyTruncation_IsRefusedAndLeavesNothing()
    {
        using var store = new TestStore();
        byte[] whole = Sample().Docker().ToArray();
        for (int length = 0; length < whole.Length - 512; length += 700)
        {
            await RefusedAsync(store, new MemoryStream(whole[..length]), "");
        }
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("[null]")]
    [InlineData("{")]
    [InlineData("[{\"Config\":\"../../etc/passwd\",\"Layers\":[]}]")]
    [InlineData("[{\"Config\":\"/etc/passwd\",\"Layers\":[]}]")]
    [InlineData("[{\"Config\":\"missing.json\",\"Layers\":[]}]")]
    [InlineData("[{\"Config\":\"config.json\",\"Layers\":[\"missing\"]}]")]
    [InlineData("[{\"Config\":\"config.json\",\"RepoTags\":[\"untagged\"],\"Layers\":[]}]")]
    [InlineData("[{\"Config\":\"config.json\",\"RepoTags\":[\"B A D:1\"],\"Layers\":[]}]")]
    [InlineData("[{\"Config\":\"manifest.json\",\"Layers\":[]}]")]
    public async Task LoadAsync_BrokenManifestJson_IsRefusedAndLeavesNothing(string manifest)
    {
        using var store = new TestStore();
        byte[] tar = new TarBuilder().File("manifest.json", manifest).File("config.json", """{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}""").Build();
        ImageException refused = await Assert.ThrowsAsync<ImageException>(() => store.Store.LoadAsync(new MemoryStream(tar), null, Cancellation));
        Assert.True(refused.Code is ImageErrorCode.InvalidArchive or ImageErrorCode.InvalidParameter);
        Assert.Empty(store.Leftovers());
    }

    [Fact]
    public async Task LoadAsync_MutatedJson_OnlyEverThrowsImageExceptions()
    {
        using var store = new TestStore();
        byte[] seed = Encoding.UTF8.GetBytes("""{"created":"2020-01-01T00:00:00Z","architecture":"amd64","os":"linux","config":{"Env":["A=1"],"Labels":{"k":"v"},"ExposedPorts":{"80/tcp":{}},"Healthcheck":{"Test":["NONE"],"Interval":1}},"rootfs":{"type":"layers","diff_ids":["sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"]},"history":[{"created_by":"x","empty_layer":true}]}""");
        var random = new Random(11);
        for (int round = 0; round < 20_000; round++)
        {
            byte[] mutant = (byte[])seed.Clone();
            for (int changes = random.Next(1, 4); changes > 0; changes--)
            {
                mutant[random.Next(mutant.Length)] = (byte)"{}[],:\"0a-\\\0\u00ff"[random.Next(13)];
            }
            try
            {
                _ = ImageJson.Read(mutant, ImageJson.Default.ImageConfig, "config").Checked().CreatedAt;
            }
            catch (ImageException)
            {
            }
            try
            {
                ImageJson.Read(mutant, ImageJson.Default.ImageManifest, "manifest").Checked();
            }
            catch (ImageException)
            {
            }
        }
        string nested = string.Concat(Enumerable.Repeat("[", 100_000));
        Assert.Throws<ImageException>(() => ImageJson.Read(Encoding.UTF8.GetBytes("{\"x\":" + nested), ImageJson.Default.ImageConfig, "config"));
    }

    [Fact]
    public async Task LoadAsync_DiskReserveReached_IsRefusedAndLeavesNothing()
    {
        using var store = new TestStore(new ArchiveLimits { MinFreeBytes = long.MaxValue });
        ImageException refused = await Assert.ThrowsAsync<ImageException>(() => store.Store.LoadAsync(Sample().Docker(), null, Cancellation));
        Assert.Equal(ImageErrorCode.NoSpace, refused.Code);
        Assert.Empty(store.Leftovers());
    }

    [Fact]
    public async Task LoadAsync_DiskFull_IsReportedAndLeavesNothing()
    {
        Requires.Root();
        using var directory = new Berth.Testing.TemporaryDirectory();
        Linux.Libc.Mount("tmpfs", directory.Path, "tmpfs", 0, "size=2m");
        try
        {
            using (ImageStore store = ImageStore.Open(directory.Combine("store"), limits: new ArchiveLimits { MinFreeBytes = 0 }))
            {
                ArchiveBuilder archive = new ArchiveBuilder().Layer(new TarBuilder().Add(new TarEntry { Name = "a", Type = TarEntryType.File }, new byte[1_300_000])).Tag("big:1");
                ImageException refused = await Assert.ThrowsAsync<ImageException>(() => store.LoadAsync(archive.Docker(), null, Cancellation));
                Assert.Equal(ImageErrorCode.NoSpace, refused.Code);
                Assert.Empty(store.List());
                Assert.Empty(Directory.GetFileSystemEntries(directory.Combine("store", "tmp")));
                Assert.Empty(Directory.GetFileSystemEntries(directory.Combine("store", "layers")));
                await store.LoadAsync(Sample().Docker(), null, Cancellation);
            }
        }
        finally
        {
            Linux.Libc.Unmount(directory.Path);
        }
    }

    [Fact]
    public async Task LoadAsync_Cancelled_LeavesNothing()
    {
        using var store = new TestStore();
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => store.Store.LoadAsync(Sample().Docker(), null, cancelled.Token));
        Assert.Empty(store.Leftovers());
    }

    [Fact]
    public async Task Open_AfterACrash_SweepsLeftoversAndKeepsImages()
    {
        using var store = new TestStore();
        await store.Store.LoadAsync(Sample().Docker(), null, Cancellation);
        string id = store.Store.Get("sample:1").Id;
        Directory.CreateDirectory(Path.Combine(store.Path, "tmp", "layer-1", "half"));
        File.WriteAllText(Path.Combine(store.Path, "tmp", "blob-1"), "half");
        File.WriteAllText(Path.Combine(store.Path, "tmp", "state-1"), "{");
        File.WriteAllText(Path.Combine(store.Path, "blobs", "sha256", Digest.Of("unreferenced"u8).Hex), "unreferenced");
        Directory.CreateDirectory(Path.Combine(store.Path, "layers", Digest.Of("no record"u8).Hex, "x"));
        ImageStore reopened = store.Reopen();
        Assert.Equal(id, reopened.Get("sample:1").Id);
        Assert.Empty(store.Leftovers());
        Assert.Equal(3, Directory.GetFiles(Path.Combine(store.Path, "blobs", "sha256")).Length);
        Assert.Single(Directory.GetDirectories(Path.Combine(store.Path, "layers")));
    }

    [Fact]
    public async Task Open_LayerOrBlobMissing_ForgetsTheImage()
    {
        using var store = new TestStore();
        await store.Store.LoadAsync(Sample().Docker(), null, Cancellation);
        await store.Store.LoadAsync(Sample("y", "other:1").Docker(), null, Cancellation);
        Directory.Delete(store.Store.LayerDirectories(store.Store.Get("sample:1"))[0], recursive: true);
        ImageStore reopened = store.Reopen();
        Assert.False(reopened.TryGet("sample:1", out _));
        Assert.True(reopened.TryGet("other:1", out _));
        await reopened.LoadAsync(Sample().Docker(), null, Cancellation);
        Assert.True(reopened.TryGet("sample:1", out _));
    }

    [Fact]
    public void Open_Twice_IsRefused()
    {
        using var store = new TestStore();
        Assert.Equal(ImageErrorCode.Conflict, Assert.Throws<ImageException>(() => ImageStore.Open(store.Path)).Code);
    }

    [Fact]
    public async Task Get_ByNameIdAndPrefix_FindsTheImage()
    {
        using var store = new TestStore();
        await store.Store.LoadAsync(Sample(tag: "user/sample:latest").Docker(), null, Cancellation);
        Image image = store.Store.Get("user/sample");
        string hex = image.Id[7..];
        foreach (string name in (string[])["docker.io/user/sample", "user/sample:latest", image.Id, hex, hex[..12], "sha256:" + hex[..5], $"user/sample@{image.ManifestDigest}"])
        {
            Assert.Equal(image.Id, store.Store.Get(name).Id);
        }
        foreach (string name in (string[])["sample", "user/sample:2", "", "sha256:", "g", "user/sample@" + Digest.Of([])])
        {
            Assert.Equal(ImageErrorCode.NotFound, Assert.Throws<ImageException>(() => store.Store.Get(name)).Code);
        }
    }

    [Fact]
    public async Task Get_AmbiguousPrefix_IsRefused()
    {
        using var store = new TestStore();
        for (int i = 0; i < 17; i++)
        {
            await store.Store.LoadAsync(Sample($"{i}", $"s{i}:1").Docker(), null, Cancellation);
        }
        char shared = store.Store.List().GroupBy(item => item.Image.Id[7]).First(group => group.Count() > 1).Key;
        Assert.Contains("multiple images", Assert.Throws<ImageException>(() => store.Store.Get(shared.ToString())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Remove_NamesThenImage_FollowsDocker()
    {
        using var store = new TestStore();
        await store.Store.LoadAsync(Sample().Docker(), null, Cancellation);
        string id = store.Store.Get("sample:1").Id;
        store.Store.Tag("sample:1", ImageReference.Parse("other"));
        Assert.Contains("multiple repositories", Assert.Throws<ImageException>(() => store.Store.Remove(id[7..19])).Message, StringComparison.Ordinal);
        Assert.Equal([new RemovedImage("other:latest", null)], store.Store.Remove("other"));
        Assert.Contains("must force", Assert.Throws<ImageException>(() => store.Store.Remove("sample:1", inUse: _ => new ImageUse("c1", false))).Message, StringComparison.Ordinal);
        Assert.Contains("running container", Assert.Throws<ImageException>(() => store.Store.Remove(id, force: true, _ => new ImageUse("c1", true))).Message, StringComparison.Ordinal);
        Assert.Equal([new RemovedImage("sample:1", null)], store.Store.Remove("sample:1", force: true, _ => new ImageUse("c1", false)));
        Assert.True(store.Store.TryGet(id, out _));
        Assert.Equal([new RemovedImage(null, id)], store.Store.Remove(id));
        Assert.Empty(store.Leftovers());
        Assert.Equal(ImageErrorCode.NotFound, Assert.Throws<ImageException>(() => store.Store.Remove(id)).Code);
    }

    [Fact]
    public async Task Prune_DanglingAndAll_RespectUse()
    {
        using var store = new TestStore();
        await store.Store.LoadAsync(Sample("1", "a:1").Docker(), null, Cancellation);
        await store.Store.LoadAsync(Sample("2", "a:1").Docker(), null, Cancellation);
        await store.Store.LoadAsync(Sample("3", "b:1").Docker(), null, Cancellation);
        Assert.Single(store.Store.List(new ImageFilter { Dangling = true }));
        PrunedImages dangling = store.Store.Prune(all: false);
        Assert.NotNull(Assert.Single(dangling.Removed).Deleted);
        Assert.True(dangling.SpaceReclaimed > 0);
        string used = store.Store.Get("b:1").Id;
        Assert.Equal(2, store.Store.Prune(all: true, inUse: id => id == used ? new ImageUse("c", false) : null).Removed.Count);
        Assert.Equal(used, Assert.Single(store.Store.List()).Image.Id);
    }

    [Fact]
    public async Task List_Filters_SelectImages()
    {
        using var store = new TestStore();
        var labelled = new ImageDefaults { Labels = new Dictionary<string, string> { ["k"] = "v" } };
        await store.Store.LoadAsync(Sample("1", "old:1").Defaults(labelled, "2020-01-01T00:00:00Z").Docker(), null, Cancellation);
        await store.Store.LoadAsync(Sample("2", "new:1").Defaults(new ImageDefaults(), "2021-01-01T00:00:00Z").Docker(), null, Cancellation);
        string[] Names(ImageFilter filter) => [.. store.Store.List(filter).SelectMany(item => item.Image.RepoTags)];
        Assert.Equal(["new:1", "old:1"], Names(new ImageFilter()));
        Assert.Equal(["old:1"], Names(new ImageFilter { Labels = ["k=v"] }));
        Assert.Equal(["new:1"], Names(new ImageFilter { WithoutLabels = ["k"] }));
        Assert.Equal(["old:1"], Names(new ImageFilter { Before = "new:1" }));
        Assert.Equal(["new:1"], Names(new ImageFilter { Since = "old:1" }));
        Assert.Equal(["old:1"], Names(new ImageFilter { References = ["o*"] }));
        Assert.Equal(["old:1"], Names(new ImageFilter { Until = new DateTimeOffset(2020, 6, 1, 0, 0, 0, TimeSpan.Zero) }));
        ImageHistoryItem step = Assert.Single(store.Store.History("old:1"));
        Assert.Equal(("step 0", 1, store.Store.Get("old:1").Id), (step.CreatedBy, step.Size, step.Id));
        Assert.Equal(2, store.Store.DiskUsage().LayersSize);
    }

    [Fact]
    public async Task SaveAsync_SeveralNames_LoadInAnotherStoreAndAreReproducible()
    {
        using var store = new TestStore();
        await store.Store.LoadAsync(Sample("1", "a:1").Docker(), null, Cancellation);
        await store.Store.LoadAsync(Sample("2", "user/b:2").Docker(), null, Cancellation);
        store.Store.Tag("a:1", ImageReference.Parse("a:latest"));
        using var first = new MemoryStream();
        using var second = new MemoryStream();
        await store.Store.SaveAsync(["a:1", "a", "user/b:2"], first, Cancellation);
        await store.Store.SaveAsync(["a:1", "a", "user/b:2"], second, Cancellation);
        Assert.Equal(first.ToArray(), second.ToArray());
        first.Position = 0;
        using var other = new TestStore();
        IReadOnlyList<LoadedImage> loaded = await other.Store.LoadAsync(first, null, Cancellation);
        Assert.Equal(["a:1", "a:latest", "user/b:2"], loaded.SelectMany(image => image.References));
        Assert.Equal(store.Store.Get("a").Id, other.Store.Get("a").Id);
        Assert.Equal(store.Store.Get("a").ManifestDigest, other.Store.Get("a").ManifestDigest);
        Assert.Equal(ImageErrorCode.NotFound, (await Assert.ThrowsAsync<ImageException>(() => store.Store.SaveAsync(["none"], Stream.Null, Cancellation))).Code);
    }

    [Fact]
    public async Task ImportAsync_RootFileSystem_IsAnImageWithTheChanges()
    {
        using var store = new TestStore();
        byte[] tar = ArchiveBuilder.Gzip(new TarBuilder().Directory("./").File("./bin/sh", "x").Build());
        Image image = await store.Store.ImportAsync(new MemoryStream(tar), ImageReference.Parse("mine"), "note", ["CMD [\"/bin/sh\"]"], Cancellation);
        Assert.Equal(["/bin/sh"], store.Store.Get("mine").Config.Config!.Cmd);
        Assert.Equal("note", image.Config.Comment);
        await Assert.ThrowsAsync<ImageException>(() => store.Store.ImportAsync(new MemoryStream(tar), null, null, ["RUN x"], Cancellation));
        byte[] cut = new TarBuilder().File("a", "x").Build()[..1024];
        await Assert.ThrowsAsync<ImageException>(() => store.Store.ImportAsync(new MemoryStream(cut), null, null, null, Cancellation));
        await Assert.ThrowsAsync<ImageException>(() => store.Store.ImportAsync(new MemoryStream("not a tar at all"u8.ToArray()), null, null, null, Cancellation));
        Assert.Single(store.Store.List());
        Assert.Empty(store.Leftovers());
    }

    [Fact]
    public async Task LoadAsync_ManyAtOnceWithRemovals_StaysWhole()
    {
        using var store = new TestStore();
        await Task.WhenAll(Enumerable.Range(0, 12).Select(i => Task.Run(async () =>
        {
            string tag = $"t{i % 4}:1";
            await store.Store.LoadAsync(new ArchiveBuilder().Layer(new TarBuilder().File("base", "shared")).Layer(new TarBuilder().File("own", $"{i}")).Tag(tag).Docker(), null, Cancellation);
            if (i % 3 == 0)
            {
                store.Store.Prune(all: false);
            }
        }, Cancellation)));
        ImageStore reopened = store.Reopen();
        Assert.Equal(4, reopened.List(new ImageFilter { Dangling = false }).Count);
        Assert.All(reopened.List(), item => Assert.All(reopened.LayerDirectories(item.Image), layer => Assert.True(Directory.Exists(layer))));
    }

    private static async Task RefusedAsync(TestStore store, Stream archive, string message)
    {
        ImageException refused = await Assert.ThrowsAsync<ImageException>(() => store.Store.LoadAsync(archive, null, Cancellation));
        Assert.Equal(ImageErrorCode.InvalidArchive, refused.Code);
        Assert.Contains(message, refused.Message, StringComparison.Ordinal);
        Assert.Empty(store.Store.List());
        Assert.Empty(store.Leftovers());
    }
}
