using Berth.Images.Building;
using Berth.Images.Layers;
using Berth.Images.Spec;
using Berth.Images.Tar;
using Berth.Linux;
using Berth.Testing;

namespace Berth.Images.Tests.Building;

public sealed class BuildSessionTests : IDisposable
{
    private static readonly Digest Key = Digest.Of("key"u8);
    private readonly TestStore _store = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _store.Dispose();

    [Fact]
    public async Task Record_StepIsFoundAgain_AlsoAfterARestart()
    {
        string name = await BuildStepAsync();
        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(_store.Path, "tmp")));
        using (BuildSession next = _store.Reopen().BeginBuild())
        {
            CachedStep found = next.Find(Key)!;
            Assert.Equal(name, found.Stack.Name);
            Assert.True(File.Exists(Path.Combine(next.Directories(found.Stack)[0], "file")));
            Assert.Null(next.Find(Digest.Of("other"u8)));
        }
        BuildCacheEntry entry = Assert.Single(_store.Store.BuildCache());
        Assert.Equal((5, 1, false, "step"), (entry.Size, entry.Uses, entry.IsShared, entry.Description));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{\"version\":1,\"layers\":null}")]
    [InlineData("not json")]
    public async Task Reopen_TornRecord_IsDropped(string content)
    {
        await BuildStepAsync();
        string file = Assert.Single(Directory.GetFiles(Path.Combine(_store.Path, "steps")));
        File.WriteAllText(file, content);
        File.WriteAllText(Path.Combine(_store.Path, "steps", "noise"), "x");
        _store.Reopen();
        Assert.Empty(Directory.GetFiles(Path.Combine(_store.Path, "steps")));
        Assert.Empty(_store.Leftovers());
    }

    [Fact]
    public async Task Reopen_LayerTakenAway_DropsTheRecord()
    {
        await BuildStepAsync();
        Directory.Delete(Directory.GetDirectories(Path.Combine(_store.Path, "layers"))[0], recursive: true);
        Assert.Empty(_store.Reopen().BuildCache());
    }

    // What a virtual machine's layer becomes is what a container would have left.
    [Fact]
    public async Task UnpackAsync_LayerOfAnUpper_GivesTheSameUpper()
    {
        Requires.Root();
        await BuildStepAsync();
        using BuildSession session = _store.Store.BeginBuild();
        LayerList below = session.Find(Key)!.Stack;
        string first = session.NewDirectory(), second = session.NewDirectory();
        Libc.MakeNodeAt(null, Path.Combine(first, "file"), Libc.S_IFCHR);
        Directory.CreateDirectory(Path.Combine(first, "new", "deep"));
        File.WriteAllText(Path.Combine(first, "new", "a"), "a");
        Libc.LinkAt(null, Path.Combine(first, "new", "a"), null, Path.Combine(first, "new", "deep", "b"));
        Libc.ChangeOwnerAt(null, Path.Combine(first, "new", "deep"), 12, 34);
        byte[] layer = await TarAsync(first);
        await session.UnpackAsync(below, new MemoryStream(layer), second, Cancellation);
        Assert.Equal(layer, await TarAsync(second));
        Assert.Equal((await session.CommitAsync(below, first, null, Cancellation)).Name, (await session.CommitAsync(below, second, null, Cancellation)).Name);
    }

    [Theory]
    [InlineData("../out", null, "names with \"..\" are refused")]
    [InlineData("ok", "trusted.overlay.redirect", "is reserved for the host")]
    [InlineData("ok", null, "the archive is cut off")]
    public async Task UnpackAsync_HostileLayer_IsRefused(string name, string? attribute, string message)
    {
        Requires.Root();
        using BuildSession session = _store.Store.BeginBuild();
        using var tar = new MemoryStream();
        await new TarWriter(tar).WriteEntryAsync(
            new TarEntry { Name = name, Type = TarEntryType.File, Mode = 0x1A4, Attributes = attribute is null ? [] : [new Xattr(attribute, "/"u8.ToArray())] }, Cancellation);
        tar.Position = 0;
        ImageException e = await Assert.ThrowsAsync<ImageException>(() => session.UnpackAsync(LayerList.Empty, tar, session.NewDirectory(), Cancellation));
        Assert.Contains(message, e.Message, StringComparison.Ordinal);
    }

    private static async Task<byte[]> TarAsync(string upper)
    {
        using var tar = new MemoryStream();
        await LayerTarWriter.WriteUpperAsync(upper, tar, Cancellation);
        return tar.ToArray();
    }

    [Fact]
    public async Task Prune_FreesLayers_ButNotThoseOfImagesAndRunningBuilds()
    {
        await BuildStepAsync();
        using (BuildSession running = _store.Store.BeginBuild())
        {
            CachedStep step = running.Find(Key)!;
            Assert.Equal([Key.Hex], _store.Store.PruneBuildCache(0, null).Ids);
            Assert.True(Directory.Exists(running.Directories(step.Stack)[0]));
            Assert.Null(running.Find(Key));
            await running.FinishAsync(Config(), step.Stack, DateTimeOffset.UnixEpoch, false, [ImageReference.Parse("made:1")], Cancellation);
        }
        Assert.Single(Directory.GetDirectories(Path.Combine(_store.Path, "layers")));
        _store.Store.Remove("made:1");
        Assert.Empty(_store.Leftovers());
    }

    [Fact]
    public async Task Prune_KeepsWhatWasUsedLast()
    {
        await BuildStepAsync();
        Assert.Empty(_store.Store.PruneBuildCache(1 << 20, null).Ids);
        Assert.Empty(_store.Store.PruneBuildCache(0, DateTimeOffset.UtcNow.AddDays(-1)).Ids);
        Assert.Single(_store.Store.PruneBuildCache(1, null).Ids);
    }

    [Fact]
    public async Task Finish_SameImageAgain_HasTheSameTimeAndId()
    {
        await BuildStepAsync();
        var ids = new List<string>();
        for (int i = 0; i < 2; i++)
        {
            using BuildSession session = _store.Store.BeginBuild();
            ids.Add(await session.FinishAsync(Config(), session.Find(Key)!.Stack, null, reuses: true, [], Cancellation));
        }
        Assert.Equal(ids[0], ids[1]);
    }

    [Fact]
    public async Task Commit_NothingWritten_AddsNoLayer_AndTooManyAreRefused()
    {
        using BuildSession session = _store.Store.BeginBuild();
        Assert.Same(LayerList.Empty, await session.CommitAsync(LayerList.Empty, session.NewDirectory(), null, Cancellation));
        LayerList stack = LayerList.Empty;
        for (int i = 0; i <= BuildSession.MaxLayers; i++)
        {
            string upper = session.NewDirectory();
            File.WriteAllText(Path.Combine(upper, "n"), i.ToString());
            if (i == BuildSession.MaxLayers)
                Assert.Contains("more than 127 layers", (await Assert.ThrowsAsync<ImageException>(() => session.CommitAsync(stack, upper, null, Cancellation))).Message);
            else
                stack = await session.CommitAsync(stack, upper, null, Cancellation);
        }
    }

    [Fact]
    public async Task Commit_WithLatestTime_SameTreeGivesTheSameLayer()
    {
        var names = new List<string>();
        for (int i = 0; i < 2; i++)
        {
            using BuildSession session = _store.Store.BeginBuild();
            string upper = session.NewDirectory();
            File.WriteAllText(Path.Combine(upper, "f"), "x");
            File.SetLastWriteTimeUtc(Path.Combine(upper, "f"), DateTime.UtcNow.AddDays(-i));
            names.Add((await session.CommitAsync(LayerList.Empty, upper, new TarTime(1000), Cancellation)).Name);
        }
        Assert.Equal(names[0], names[1]);
    }

    private async Task<string> BuildStepAsync()
    {
        using BuildSession session = _store.Store.BeginBuild();
        string upper = session.NewDirectory();
        File.WriteAllText(Path.Combine(upper, "file"), "12345");
        LayerList stack = await session.CommitAsync(LayerList.Empty, upper, null, Cancellation);
        session.Record(Key, LayerList.Empty, stack, "step", null);
        return stack.Name;
    }

    private static ImageConfig Config() => new() { Architecture = "amd64", Os = "linux", Rootfs = new RootFs { DiffIds = [] } };
}
