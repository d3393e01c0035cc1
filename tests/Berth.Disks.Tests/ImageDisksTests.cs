using System.Security.Cryptography;
using Berth.Linux;
using Berth.Testing;

namespace Berth.Disks.Tests;

public sealed class ImageDisksTests : IDisposable
{
    private const string Id = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    private readonly TemporaryDirectory _folder = new();

    public ImageDisksTests()
    {
        Requires.Root("layers are merged by a mount");
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    private string[] MakeLayers()
    {
        string low = _folder.Combine("low"), top = _folder.Combine("top");
        foreach (string directory in (string[])[low, top])
        {
            Directory.CreateDirectory(Path.Combine(directory, "gone"));
            Directory.CreateDirectory(Path.Combine(directory, "opaque"));
        }
        File.WriteAllText(Path.Combine(low, "a"), "lower");
        File.WriteAllText(Path.Combine(low, "kept"), "kept");
        Libc.LinkAt(null, Path.Combine(low, "kept"), null, Path.Combine(low, "linked"));
        File.WriteAllText(Path.Combine(low, "opaque", "hidden"), "x");
        Libc.ChangeOwnerAt(null, Path.Combine(low, "kept"), 70000, 80001);
        Libc.ChangeModeAt(null, Path.Combine(low, "kept"), 0x9ED); // 04755
        Libc.SetXattr(Path.Combine(low, "kept"), "user.note", "hello"u8);
        Libc.SetTimesAt(null, Path.Combine(low, "kept"), new() { tv_sec = 5 }, new() { tv_sec = 1234567, tv_nsec = 0 });
        Libc.MakeNodeAt(null, Path.Combine(low, "null"), Libc.S_IFCHR | 0x1B6, Libc.makedev(1, 3));
        Libc.MakeFifo(Path.Combine(low, "pipe"), 0x180);
        Libc.SymbolicLinkAt("kept", null, Path.Combine(low, "symbolic"));
        File.WriteAllText(Path.Combine(top, "a"), "upper");
        Directory.Delete(Path.Combine(top, "gone"));
        Libc.MakeNodeAt(null, Path.Combine(top, "gone"), Libc.S_IFCHR, 0);
        Libc.SetXattr(Path.Combine(top, "opaque"), "trusted.overlay.opaque", "y"u8);
        File.WriteAllText(Path.Combine(top, "opaque", "shown"), "x");
        return [top, low];
    }

    [Fact]
    public async Task Get_Layers_GiveADiskWithTheMergedTree()
    {
        string path = await new ImageDisks(_folder.Combine("disks")).GetAsync(Id, MakeLayers(), null, Token);
        string mount = _folder.Combine("mount");
        Directory.CreateDirectory(mount);
        if ((await Command.RunAsync("mount", ["-t", "erofs", "-o", "loop,ro", path, mount], cancellationToken: Token)).ExitCode != 0)
        {
            Assert.Skip("this host mounts no erofs image");
        }
        try
        {
            Assert.Equal(["a", "kept", "linked", "null", "opaque", "pipe", "symbolic"], Directory.GetFileSystemEntries(mount).Select(Path.GetFileName).Order(StringComparer.Ordinal));
            Assert.Equal("upper", File.ReadAllText(Path.Combine(mount, "a")));
            Assert.Equal(["shown"], Directory.GetFileSystemEntries(Path.Combine(mount, "opaque")).Select(Path.GetFileName));
            Libc.statx kept = Libc.StatAt(null, Path.Combine(mount, "kept"));
            Assert.Equal((70000u, 80001u, 0x9EDu, 1234567L, 2u), (kept.stx_uid, kept.stx_gid, kept.Permissions, kept.stx_mtime.tv_sec, kept.stx_nlink));
            Assert.Equal(kept.stx_ino, Libc.StatAt(null, Path.Combine(mount, "linked")).stx_ino);
            Assert.Equal("hello"u8.ToArray(), Libc.GetXattr(Path.Combine(mount, "kept"), "user.note"));
            Assert.Equal(Libc.makedev(1, 3), Libc.StatAt(null, Path.Combine(mount, "null")).DeviceNumber);
            Assert.Equal(Libc.S_IFIFO, Libc.StatAt(null, Path.Combine(mount, "pipe")).FileType);
            Assert.DoesNotContain(Libc.ListXattr(Path.Combine(mount, "opaque")), static name => name.StartsWith("trusted.", StringComparison.Ordinal));
        }
        finally
        {
            Libc.Unmount(mount);
        }
    }

    [Fact]
    public async Task Get_TheSameLayersAgain_GivesTheSameBytes()
    {
        string[] layers = MakeLayers();
        string first = await new ImageDisks(_folder.Combine("one")).GetAsync(Id, layers, null, Token);
        string second = await new ImageDisks(_folder.Combine("two")).GetAsync(Id, layers, null, Token);
        Assert.Equal(SHA256.HashData(File.ReadAllBytes(first)), SHA256.HashData(File.ReadAllBytes(second)));
        Assert.Empty(Directory.GetDirectories(_folder.Combine("one")));
    }

    [Fact]
    public async Task Get_ManyCallers_BuildOnce()
    {
        string[] layers = MakeLayers();
        var disks = new ImageDisks(_folder.Combine("disks"));
        int builds = 0;
        var progress = new Counter(text => builds += text.StartsWith("Building", StringComparison.Ordinal) ? 1 : 0);
        string[] paths = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => disks.GetAsync(Id, layers, progress, Token)));
        Assert.Single(paths.Distinct());
        Assert.Equal(1, builds);
        Assert.True(disks.DiskUsage() > 0);
        disks.Remove(Id);
        Assert.False(File.Exists(paths[0]));
    }

    [Fact]
    public async Task Get_LayerIsMissing_FailsAndLeavesNothing()
    {
        var disks = new ImageDisks(_folder.Combine("disks"));
        await Assert.ThrowsAsync<LinuxException>(() => disks.GetAsync(Id, [_folder.Combine("nowhere")], null, Token));
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Combine("disks")));
        await disks.GetAsync(Id, MakeLayers(), null, Token);
    }

    [Fact]
    public void New_AfterACrash_SweepsWhatWasUnfinished()
    {
        Directory.CreateDirectory(_folder.Combine("disks", ".new-1", "tree"));
        _ = new ImageDisks(_folder.Combine("disks"));
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Combine("disks")));
    }

    [Theory]
    [InlineData("sha256:../../etc")]
    [InlineData("busybox")]
    public async Task Get_NotAnId_IsRefused(string id) =>
        await Assert.ThrowsAsync<ArgumentException>(() => new ImageDisks(_folder.Combine("disks")).GetAsync(id, [], null, Token));

    [Fact]
    public async Task Create_WritableDisk_IsAnEmptyFileSystemThatTakesLittleRoom()
    {
        string path = _folder.Combine("writable");
        WritableDisk.Create(path, 10L << 30);
        (await Command.RunAsync("e2fsck", ["-fn", path], cancellationToken: Token)).Expect();
        Assert.True(Libc.StatAt(null, path).stx_blocks * 512 < 16 << 20);
    }

    private sealed class Counter(Action<string> action) : IProgress<string>
    {
        public void Report(string value) => action(value);
    }
}
