namespace Berth.Images.Tests.Bootstrap;

public sealed class BusyboxRecipeTests
{
    [Fact]
    public async Task BootstrapAsync_Busybox_MakesAnImageThatSurvivesSaveAndLoad()
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        using var store = new TestStore();
        Image image = await store.Store.BootstrapAsync("busybox", null, cancellation);
        Assert.Equal(["busybox:latest"], image.RepoTags);
        Assert.Equal(["sh"], image.Config.Config!.Cmd);
        string layer = Assert.Single(store.Store.LayerDirectories(image));
        Assert.True(File.Exists(Path.Combine(layer, "bin", "sh")));
        Assert.Equal((UnixFileMode)0x3FF /* 1777 */, File.GetUnixFileMode(Path.Combine(layer, "tmp")));
        Assert.Equal((UnixFileMode)0x1ED, File.GetUnixFileMode(layer));

        using var archive = new MemoryStream();
        await store.Store.SaveAsync(["busybox"], archive, cancellation);
        archive.Position = 0;
        using var other = new TestStore();
        LoadedImage loaded = Assert.Single(await other.Store.LoadAsync(archive, null, cancellation));
        Assert.Equal(image.Id, loaded.Image.Id);
        Assert.Equal(["busybox:latest"], loaded.References);

        Image again = await other.Store.BootstrapAsync("busybox", null, cancellation);
        Assert.Equal(image.Id, again.Id);
        Assert.Empty(store.Leftovers());
    }

    [Fact]
    public async Task BootstrapAsync_Interrupted_LeavesNothing()
    {
        using var store = new TestStore();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var stopAtOnce = new StopAtFirstReport(stop);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => store.Store.BootstrapAsync("busybox", stopAtOnce, stop.Token));
        Assert.Empty(store.Store.List());
        Assert.Empty(store.Leftovers());
    }

    private sealed class StopAtFirstReport(CancellationTokenSource stop) : IProgress<ImageProgress>
    {
        public void Report(ImageProgress value) => stop.Cancel();
    }
}
