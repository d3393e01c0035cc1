using Berth.Images.Containers;
using Berth.Images.Layers;
using Berth.Images.Tar;
using Berth.Linux;
using Berth.Testing;

namespace Berth.Images.Tests.Containers;

/// <summary>Copying in and out stays inside the container's root, whatever links and swaps it holds (escape rows 5, 8 and 9).</summary>
public sealed class ContainerFilesTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly FileDescriptor _root;

    public ContainerFilesTests()
    {
        Requires.Root();
        Directory.CreateDirectory(In("etc"));
        Directory.CreateDirectory(In("data/sub"));
        File.WriteAllText(In("etc/passwd"), "inside");
        File.WriteAllText(In("data/sub/file"), "hello");
        File.WriteAllText(_directory.Combine("outside"), "outside");
        File.CreateSymbolicLink(In("to-etc"), "/etc");
        File.CreateSymbolicLink(In("to-host"), "../../../../../../etc/passwd");
        File.CreateSymbolicLink(In("up"), "..");
        File.CreateSymbolicLink(In("loop"), "loop");
        File.CreateSymbolicLink(In("proc-self"), "/proc/self/root");
        _root = Libc.Open(_directory.Combine("root"), Libc.O_PATH | Libc.O_DIRECTORY);
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _root.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public void Stat_EveryKind_HasGosModeAndNames()
    {
        Libc.MakeNodeAt(null, In("null"), Libc.S_IFCHR | 0x1B6, Libc.makedev(1, 3));
        Libc.MakeFifo(In("pipe"), 0x180);
        Libc.ChangeModeAt(null, In("data"), 0x3FF);
        Assert.Equal((1u << 31) | (1u << 20) | 0x1FF, ContainerFiles.Stat(_root, "/data").Mode);
        Assert.Equal((1u << 26) | (1u << 21), ContainerFiles.Stat(_root, "/null").Mode & ~0x1FFu);
        Assert.Equal(1u << 25, ContainerFiles.Stat(_root, "/pipe").Mode & ~0x1FFu);
        PathStat link = ContainerFiles.Stat(_root, "/to-etc");
        Assert.Equal((1u << 27, "to-etc", "/etc"), (link.Mode & ~0x1FFu, link.Name, link.LinkTarget));
        Assert.Equal("/etc/passwd", ContainerFiles.Stat(_root, "/to-host").LinkTarget);
        Assert.Equal("/etc", ContainerFiles.Stat(_root, "to-etc/").Name is "to-etc" ? "/etc" : "");
        Assert.Equal(("file", 5L), (ContainerFiles.Stat(_root, "/data/sub/file").Name, ContainerFiles.Stat(_root, "data/../data/sub/file").Size));
        Assert.Equal("/", ContainerFiles.Stat(_root, "/").Name);
    }

    [Theory]
    [InlineData("/missing", ImageErrorCode.NotFound)]
    [InlineData("/etc/passwd/x", ImageErrorCode.InvalidParameter)]
    [InlineData("/loop/x", ImageErrorCode.InvalidParameter)]
    [InlineData("/up/outside", ImageErrorCode.NotFound)]
    [InlineData("/../outside", ImageErrorCode.NotFound)]
    [InlineData("/etc/passwd/", ImageErrorCode.InvalidParameter)]
    [InlineData("/etc\0/passwd", ImageErrorCode.InvalidParameter)]
    public void Stat_NotThere_SaysSo(string path, ImageErrorCode code) =>
        Assert.Equal(code, Assert.Throws<ImageException>(() => ContainerFiles.Stat(_root, path)).Code);

    [Fact]
    public async Task CopyOutAsync_ThroughLinks_ReadsTheContainersOwnFiles()
    {
        Assert.Equal("inside", (await ReadAsync("/to-etc/passwd"))["passwd"]);
        Assert.Equal("inside", (await ReadAsync("/up/up/to-etc/passwd"))["passwd"]);
        Assert.Equal("link:../../../../../../etc/passwd", (await ReadAsync("/to-host"))["to-host"]);
        Dictionary<string, string> tree = await ReadAsync("/data");
        Assert.Equal(["data/", "data/sub/", "data/sub/file"], tree.Keys);
        Assert.Equal(["./", "./sub/", "./sub/file"], (await ReadAsync("/data/.")).Keys);
        await Assert.ThrowsAsync<ImageException>(() => ReadAsync("/up/outside"));
    }

    [Fact]
    public async Task CopyInAsync_ThroughLinks_StaysInside()
    {
        byte[] tar = new TarBuilder().File("new", "x").Build();
        await ContainerFiles.CopyInAsync(_root, "/up/../to-etc", new MemoryStream(tar), new TarExtractOptions(), Cancellation);
        Assert.Equal("x", File.ReadAllText(In("etc/new")));
        await Assert.ThrowsAsync<ImageException>(() => ContainerFiles.CopyInAsync(_root, "/", new MemoryStream(new TarBuilder().File("up/escaped").Build()), new TarExtractOptions(), Cancellation));
        await Assert.ThrowsAsync<ImageException>(() => ContainerFiles.CopyInAsync(_root, "/missing", new MemoryStream(tar), new TarExtractOptions(), Cancellation));
        Assert.Equal(["outside", "root"], Directory.GetFileSystemEntries(_directory.Path).Select(Path.GetFileName).Order());
    }

    [Fact]
    public async Task CopyInAsync_OverALink_ReplacesTheLink()
    {
        await ContainerFiles.CopyInAsync(_root, "/", new MemoryStream(new TarBuilder().File("to-host", "mine").Build()), new TarExtractOptions { NoOverwriteDirNonDir = true }, Cancellation);
        Assert.Equal("mine", File.ReadAllText(In("to-host")));
        Assert.Equal("inside", File.ReadAllText(In("etc/passwd")));
    }

    [Fact]
    public async Task CopyInAsync_NoOverwriteDirNonDir_RefusesOnlyWhenAsked()
    {
        byte[] file = new TarBuilder().File("data", "now a file").Build();
        ImageException refused = await Assert.ThrowsAsync<ImageException>(() => ContainerFiles.CopyInAsync(_root, "/", new MemoryStream(file), new TarExtractOptions { NoOverwriteDirNonDir = true }, Cancellation));
        Assert.Contains("cannot overwrite directory", refused.Message, StringComparison.Ordinal);
        Assert.True(File.Exists(In("data/sub/file")));
        await ContainerFiles.CopyInAsync(_root, "/", new MemoryStream(file), new TarExtractOptions(), Cancellation);
        Assert.Equal("now a file", File.ReadAllText(In("data")));
    }

    [Fact]
    public async Task CopyInAsync_WithOwner_TakesIt()
    {
        byte[] tar = new TarBuilder().Add(new TarEntry { Name = "o/f", Type = TarEntryType.File, Mode = 0x1A4, Uid = 9 }).Build();
        await ContainerFiles.CopyInAsync(_root, "/", new MemoryStream(tar), new TarExtractOptions { Owner = (1000, 1001) }, Cancellation);
        Libc.statx stat = Libc.StatAt(null, In("o/f"));
        Assert.Equal((1000u, 1001u), (stat.stx_uid, stat.stx_gid));
    }

    [Fact]
    public async Task CopyInAsync_WhileTheContainerSwapsDirectoriesForLinks_NeverWritesOutside()
    {
        string outside = _directory.Combine("host");
        Directory.CreateDirectory(outside);
        Directory.CreateDirectory(In("work/real"));
        using var stop = new CancellationTokenSource();
        Task swapper = Task.Run(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                Directory.Move(In("work/real"), In("work/parked"));
                File.CreateSymbolicLink(In("work/real"), "../../host");
                File.Delete(In("work/real"));
                Directory.Move(In("work/parked"), In("work/real"));
            }
        }, Cancellation);
        byte[] tar = new TarBuilder().File("real/pwned", "x").Build();
        for (int round = 0; round < 300; round++)
        {
            try
            {
                await ContainerFiles.CopyInAsync(_root, "/work", new MemoryStream(tar), new TarExtractOptions(), Cancellation);
            }
            catch (ImageException)
            {
                // the link, or nothing, stood there at that moment
            }
            if (swapper.IsCompleted)
            {
                break; // the copy made a directory where the swapper wants to move one
            }
        }
        await stop.CancelAsync();
        await Task.WhenAny(swapper);
        Assert.Empty(Directory.GetFileSystemEntries(outside));
    }

    [Fact]
    public async Task ExportAsync_WholeRoot_ComesBackByImport()
    {
        using var tar = new MemoryStream();
        await ContainerFiles.ExportAsync(_root, tar, Cancellation);
        tar.Position = 0;
        using var store = new TestStore();
        Image image = await store.Store.ImportAsync(tar, null, null, null, Cancellation);
        Assert.Equal("hello", File.ReadAllText(Path.Combine(store.Store.LayerDirectories(image)[0], "data/sub/file")));
    }

    private string In(string path) => _directory.Combine("root", path);

    private async Task<Dictionary<string, string>> ReadAsync(string path)
    {
        using var tar = new MemoryStream();
        await ContainerFiles.CopyOutAsync(_root, path, tar, Cancellation);
        tar.Position = 0;
        using var reader = new TarReader(tar, ArchiveLimits.Default) { RequireEndMark = true };
        var files = new Dictionary<string, string>();
        while (await reader.ReadEntryAsync(Cancellation) is { } entry)
        {
            ReadOnlyMemory<byte> data = await reader.ReadDataAsync(Cancellation);
            files[entry.Name] = entry.Type == TarEntryType.SymbolicLink ? "link:" + entry.LinkName : System.Text.Encoding.UTF8.GetString(data.Span);
        }
        return files;
    }
}
