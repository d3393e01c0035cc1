using Berth.Images.Tar;
using Berth.Linux;

namespace Berth.Images.Tests.Layers;

public sealed class LayerUnpackerTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task LoadAsync_Whiteouts_BecomeOverlayWhiteouts()
    {
        using var store = new TestStore();
        IReadOnlyList<string> layers = await LoadAsync(store,
            new TarBuilder().File("gone", "x").Directory("d").File("d/old", "x").Directory("replaced").File("replaced/old", "x").Directory("hidden").File("hidden/x"),
            new TarBuilder().File(".wh.gone").File(".wh.never").Directory("d").File("d/.wh..wh..opq").File("d/new", "y")
                .File(".wh.replaced").Directory("replaced").File("replaced/new").File(".wh.hidden").File("hidden/y").File(".wh..wh.plnk"));
        string top = layers[0];
        Assert.True(IsWhiteout(Path.Combine(top, "gone")));
        Assert.False(Path.Exists(Path.Combine(top, "never")));
        Assert.Equal("y"u8.ToArray(), Libc.GetXattr(Path.Combine(top, "d"), "trusted.overlay.opaque"));
        Assert.Equal("y"u8.ToArray(), Libc.GetXattr(Path.Combine(top, "replaced"), "trusted.overlay.opaque"));
        Assert.Equal("y"u8.ToArray(), Libc.GetXattr(Path.Combine(top, "hidden"), "trusted.overlay.opaque"));
        Assert.Equal(["d", "gone", "hidden", "replaced"], Directory.GetFileSystemEntries(top).Select(Path.GetFileName).Order());
    }

    [Fact]
    public async Task LoadAsync_LayersStacked_OverlayShowsWhatTheLayersSay()
    {
        using var store = new TestStore();
        IReadOnlyList<string> layers = await LoadAsync(store,
            new TarBuilder().Directory("d").File("d/one", "1").File("d/two", "2").File("gone", "x"),
            new TarBuilder().File(".wh.gone").Directory("d").File("d/.wh.one").File("d/three", "3"));
        string merged = Path.Combine(Path.GetDirectoryName(store.Path)!, "merged");
        Directory.CreateDirectory(merged);
        Libc.Mount("overlay", merged, "overlay", 1 /* MS_RDONLY */, $"lowerdir={string.Join(':', layers)}");
        try
        {
            Assert.Equal(["d"], Directory.GetFileSystemEntries(merged).Select(Path.GetFileName));
            Assert.Equal(["three", "two"], Directory.GetFileSystemEntries(Path.Combine(merged, "d")).Select(Path.GetFileName).Order());
        }
        finally
        {
            Libc.Unmount(merged);
        }
    }

    [Fact]
    public async Task LoadAsync_ParentsLeftOut_LookAsInTheLayerBelow()
    {
        using var store = new TestStore();
        var time = new TarTime(1_200_000_000, 5);
        IReadOnlyList<string> layers = await LoadAsync(store,
            new TarBuilder().Add(new TarEntry { Name = "tmp", Type = TarEntryType.Directory, Mode = 0x3FF, Uid = 7, Gid = 8, ModifiedAt = time }),
            new TarBuilder().File("tmp/x", "x").File("fresh/y", "y"));
        Libc.statx tmp = Libc.StatAt(null, Path.Combine(layers[0], "tmp")), fresh = Libc.StatAt(null, Path.Combine(layers[0], "fresh"));
        Assert.Equal((0x3FFu, 7u, 8u, 1_200_000_000L, 5u), (tmp.Permissions, tmp.stx_uid, tmp.stx_gid, tmp.stx_mtime.tv_sec, tmp.stx_mtime.tv_nsec));
        Assert.Equal((0x1EDu, 0u), (fresh.Permissions, fresh.stx_uid));
    }

    [Fact]
    public async Task LoadAsync_ParentIsALinkBelow_EntryGoesWhereItPoints()
    {
        using var store = new TestStore();
        IReadOnlyList<string> layers = await LoadAsync(store,
            new TarBuilder().Directory("usr").Directory("usr/bin").Link("bin", "usr/bin").Link("loop", "loop").Link("out", "../../../../etc"),
            new TarBuilder().File("bin/tool", "x").File("out/kept-inside", "x"));
        Assert.True(File.Exists(Path.Combine(layers[0], "usr/bin/tool")));
        Assert.False(Path.Exists(Path.Combine(layers[0], "bin")));
        Assert.True(File.Exists(Path.Combine(layers[0], "etc/kept-inside")));
        await Assert.ThrowsAsync<ImageException>(() => LoadAsync(store, new TarBuilder().Link("loop", "loop"), new TarBuilder().File("loop/x")));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task LoadAsync_SameLayersTwice_AreUnpackedOnce(bool gzip)
    {
        using var store = new TestStore();
        TarBuilder shared = new TarBuilder().File("a", "1");
        await store.Store.LoadAsync(new ArchiveBuilder().Layer(shared, gzip).Layer(new TarBuilder().File("b")).Tag("one:1").Docker(), null, Cancellation);
        await store.Store.LoadAsync(new ArchiveBuilder().Layer(shared, !gzip).Layer(new TarBuilder().File("c")).Tag("two:1").Docker(), null, Cancellation);
        Assert.Equal(3, Directory.GetDirectories(Path.Combine(store.Path, "layers")).Length);
        Image one = store.Store.Get("one:1"), two = store.Store.Get("two:1");
        Assert.Equal(store.Store.LayerDirectories(one)[1], store.Store.LayerDirectories(two)[1]);
        Assert.Equal(1, store.Store.List()[0].SharedSize);
    }

    [Fact]
    public async Task LoadAsync_ZstdLayer_IsUnpacked()
    {
        byte[] plain = new TarBuilder().File("a", new string('z', 100_000)).Build();
        string path = Path.GetTempFileName();
        File.WriteAllBytes(path, plain);
        using var store = new TestStore();
        try
        {
            (await Berth.Testing.Command.RunAsync("zstd", ["-q", path, "-o", path + ".zst"], cancellationToken: Cancellation)).Expect();
            byte[] packed = File.ReadAllBytes(path + ".zst");
            await store.Store.LoadAsync(new ArchiveBuilder().Stored(packed, Digest.Of(plain)).Tag("z:1").Docker(), null, Cancellation);
            Assert.Equal(100_000, store.Store.Get("z:1").Size);
            await Assert.ThrowsAsync<ImageException>(() => store.Store.LoadAsync(
                new ArchiveBuilder().Stored(packed[..^8], Digest.Of([])).Tag("z:2").Docker(), null, Cancellation));
        }
        finally
        {
            File.Delete(path);
            File.Delete(path + ".zst");
        }
    }

    private static async Task<IReadOnlyList<string>> LoadAsync(TestStore store, params TarBuilder[] layers)
    {
        var archive = new ArchiveBuilder();
        foreach (TarBuilder layer in layers)
        {
            archive.Layer(layer);
        }
        LoadedImage loaded = Assert.Single(await store.Store.LoadAsync(archive.Docker(), null, Cancellation));
        return store.Store.LayerDirectories(loaded.Image);
    }

    private static bool IsWhiteout(string path) => Libc.StatAt(null, path) is { FileType: Libc.S_IFCHR, DeviceNumber: 0 };
}
