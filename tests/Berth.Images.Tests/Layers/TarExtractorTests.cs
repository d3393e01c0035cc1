using Berth.Images.Layers;
using Berth.Images.Tar;
using Berth.Linux;
using Berth.Testing;

namespace Berth.Images.Tests.Layers;

public sealed class TarExtractorTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public TarExtractorTests()
    {
        Requires.Root();
        Directory.CreateDirectory(Target);
        File.WriteAllText(_directory.Combine("secret"), "outside");
    }

    private string Target => _directory.Combine("target");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    public static TheoryData<string> Hostile => [.. s_hostile.Keys];

    private static readonly Dictionary<string, (TarBuilder Tar, string Message)> s_hostile = new()
    {
        ["parent"] = (new TarBuilder().File("../escaped", "x"), "names with"),
        ["parent inside"] = (new TarBuilder().File("a/../../escaped", "x"), "names with"),
        ["absolute"] = (new TarBuilder().File("/escaped", "x"), "absolute"),
        ["symlinked parent"] = (new TarBuilder().Link("a", "..").File("a/escaped", "x"), "symbolic link"),
        ["absolute symlinked parent"] = (new TarBuilder().Link("a", "/").File("a/tmp/escaped", "x"), "symbolic link"),
        ["symlinked directory entry"] = (new TarBuilder().Link("a", "..").Directory("a/b"), "symbolic link"),
        ["deep symlinked parent"] = (new TarBuilder().Directory("d").Link("d/a", "../..").File("d/a/x/y", "x"), "symbolic link"),
        ["hard link out"] = (new TarBuilder().HardLink("a", "../secret"), "link target"),
        ["absolute hard link"] = (new TarBuilder().HardLink("a", "/etc/passwd"), "absolute"),
        ["hard link through symlink"] = (new TarBuilder().Link("up", "..").HardLink("a", "up/secret"), "symbolic link"),
        ["hard link to nothing"] = (new TarBuilder().HardLink("a", "b"), "not in this archive"),
        ["hard link to directory"] = (new TarBuilder().Directory("d").HardLink("a", "d"), "directory"),
        ["duplicate file"] = (new TarBuilder().File("a", "1").File("a", "2"), "same name"),
        ["duplicate by dot"] = (new TarBuilder().File("a", "1").File("./a", "2"), "same name"),
        ["file over directory"] = (new TarBuilder().Directory("a").File("a", "2"), "directory of this name"),
        ["directory over file"] = (new TarBuilder().File("a", "2").Directory("a"), "file of this name"),
        ["file as parent"] = (new TarBuilder().File("a", "2").File("a/b", "2"), "is a file"),
        ["write through symlink"] = (new TarBuilder().Link("a", "../secret").File("a", "x"), "same name"),
        ["empty whiteout"] = (new TarBuilder().File(".wh."), "names no file"),
        ["dot whiteout"] = (new TarBuilder().File("a/.wh.."), "names no file"),
        ["dotdot whiteout"] = (new TarBuilder().File("a/.wh..."), "names no file"),
        ["whiteout through symlink"] = (new TarBuilder().Link("a", "..").File("a/.wh.secret"), "symbolic link"),
        ["opaque through symlink"] = (new TarBuilder().Link("a", "..").File("a/.wh..wh..opq"), "symbolic link"),
        ["whiteout as directory"] = (new TarBuilder().File(".wh.a/b"), "like a whiteout"),
        ["whiteout with content"] = (new TarBuilder().File(".wh.a", "x"), "empty file"),
        ["overlay whiteout device"] = (new TarBuilder().Add(new TarEntry { Name = "a", Type = TarEntryType.CharacterDevice }), "0:0"),
        ["overlay attribute"] = (new TarBuilder().Add(new TarEntry { Name = "a", Type = TarEntryType.Directory, Attributes = [new Xattr("trusted.overlay.redirect", "/x"u8.ToArray())] }), "reserved"),
        ["root as file"] = (new TarBuilder().File("./", "x"), "root of an archive"),
        ["empty symlink"] = (new TarBuilder().Add(new TarEntry { Name = "a", Type = TarEntryType.SymbolicLink }), "needs a target"),
        ["long name"] = (new TarBuilder().File(new string('a', 300)), "too long"),
        ["very long name"] = (new TarBuilder().File(string.Join('/', Enumerable.Repeat(new string('a', 200), 30))), "more than 4096"),
        ["deep"] = (new TarBuilder().File(string.Concat(Enumerable.Repeat("a/", 2000)) + "b"), "directories deep"),
        ["huge device number"] = (new TarBuilder().Add(new TarEntry { Name = "a", Type = TarEntryType.BlockDevice, DeviceMajor = 0x1000 }), "device number"),
    };

    [Theory]
    [MemberData(nameof(Hostile))]
    public async Task ExtractAsync_HostileEntry_IsRefusedByNameAndNothingOutsideChanges(string what)
    {
        (TarBuilder tar, string message) = s_hostile[what];
        ImageException refused = await Assert.ThrowsAsync<ImageException>(() => ExtractAsync(tar.Build()));
        Assert.Equal(ImageErrorCode.InvalidArchive, refused.Code);
        Assert.Contains(message, refused.Message, StringComparison.Ordinal);
        Assert.Equal(["secret", "target"], Directory.GetFileSystemEntries(_directory.Path).Select(Path.GetFileName).Order());
        Assert.Equal("outside", File.ReadAllText(_directory.Combine("secret")));
    }

    [Fact]
    public async Task ExtractAsync_DeviceNotAllowed_IsRefused()
    {
        byte[] tar = new TarBuilder().Add(new TarEntry { Name = "null", Type = TarEntryType.CharacterDevice, DeviceMajor = 1, DeviceMinor = 3 }).Build();
        ImageException refused = await Assert.ThrowsAsync<ImageException>(() => ExtractAsync(tar, new TarExtractOptions { AllowDevices = false }));
        Assert.Contains("null", refused.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(Target));
    }

    [Fact]
    public async Task ExtractAsync_EveryKind_IsMadeAsDescribed()
    {
        var time = new TarTime(1_000_000_000, 123_456_789);
        byte[] tar = new TarBuilder()
            .Add(new TarEntry { Name = "d", Type = TarEntryType.Directory, Mode = 0x3C0 /* 01700 */, Uid = 1, Gid = 2, ModifiedAt = time })
            .Add(new TarEntry { Name = "d/f", Type = TarEntryType.File, Mode = 0x9ED /* 04755 */, Uid = 70000, Gid = 3_000_000_000, ModifiedAt = time, Attributes = [new Xattr("user.a", [0, 1, 255]), new Xattr("security.capability", Convert.FromHexString("0100000200200000000000000000000000000000"))] }, "hello"u8.ToArray())
            .HardLink("d/g", "d/f")
            .Add(new TarEntry { Name = "d/l", Type = TarEntryType.SymbolicLink, LinkName = "/anywhere", Uid = 5, Gid = 6, ModifiedAt = time })
            .Add(new TarEntry { Name = "d/null", Type = TarEntryType.CharacterDevice, Mode = 0x1B6, DeviceMajor = 1, DeviceMinor = 3, ModifiedAt = time })
            .Add(new TarEntry { Name = "d/p", Type = TarEntryType.Fifo, Mode = 0x180, ModifiedAt = time })
            .Add(new TarEntry { Name = "d/ünïcødé", Type = TarEntryType.File, Mode = 0x1A4 })
            .Add(new TarEntry { Name = "d/" + new string('n', 250), Type = TarEntryType.File, Mode = 0x1A4 })
            .Build();
        await ExtractAsync(tar);
        Libc.statx directory = Libc.StatAt(null, Path.Combine(Target, "d")), file = Libc.StatAt(null, Path.Combine(Target, "d/f"));
        Assert.Equal((1u, 2u, 0x3C0u), (directory.stx_uid, directory.stx_gid, directory.Permissions));
        Assert.Equal((1_000_000_000L, 123_456_789u), (directory.stx_mtime.tv_sec, directory.stx_mtime.tv_nsec));
        Assert.Equal((70000u, 3_000_000_000u, 0x9EDu, 2u), (file.stx_uid, file.stx_gid, file.Permissions, file.stx_nlink));
        Assert.Equal((1_000_000_000L, 123_456_789u), (file.stx_mtime.tv_sec, file.stx_mtime.tv_nsec));
        Assert.Equal([0, 1, 255], Libc.GetXattr(Path.Combine(Target, "d/f"), "user.a"));
        Assert.NotNull(Libc.GetXattr(Path.Combine(Target, "d/f"), "security.capability"));
        Libc.statx link = Libc.StatAt(null, Path.Combine(Target, "d/l"));
        Assert.Equal((true, 5u, 123_456_789u), (link.IsSymbolicLink, link.stx_uid, link.stx_mtime.tv_nsec));
        Assert.Equal("/anywhere", Libc.ReadLinkAt(null, Path.Combine(Target, "d/l")));
        Libc.statx device = Libc.StatAt(null, Path.Combine(Target, "d/null"));
        Assert.Equal((Libc.S_IFCHR, Libc.makedev(1, 3), 0x1B6u), (device.FileType, device.DeviceNumber, device.Permissions));
        Assert.Equal(Libc.S_IFIFO, Libc.StatAt(null, Path.Combine(Target, "d/p")).FileType);
        Assert.True(File.Exists(Path.Combine(Target, "d/ünïcødé")));
        Assert.True(File.Exists(Path.Combine(Target, "d", new string('n', 250))));
    }

    [Theory]
    [InlineData("gnu", "")]
    [InlineData("oldgnu", "")]
    [InlineData("posix", "0.0")]
    [InlineData("posix", "0.1")]
    [InlineData("posix", "1.0")]
    public async Task ExtractAsync_SparseFileOfGnuTar_IsTheSameFileWithHoles(string format, string version)
    {
        string source = _directory.Combine("source");
        Directory.CreateDirectory(source);
        using (FileStream file = File.Create(Path.Combine(source, "sparse")))
        {
            file.SetLength(9L << 30); // beyond eleven octal digits
            for (int i = 0; i < 60; i++)
            {
                file.Position = (i * 100L) << 20;
                file.Write(System.Text.Encoding.ASCII.GetBytes($"run {i}"));
            }
        }
        File.WriteAllText(Path.Combine(source, "zz-after"), "after");
        string tar = _directory.Combine("x.tar");
        List<string> arguments = ["-C", source, "-S", "--format=" + format, "-cf", tar, "sparse", "zz-after"];
        if (version.Length > 0)
        {
            arguments.Insert(0, "--sparse-version=" + version);
        }
        (await Command.RunAsync("tar", arguments, cancellationToken: Cancellation)).Expect();
        await ExtractAsync(await File.ReadAllBytesAsync(tar, Cancellation));
        using FileStream copy = File.OpenRead(Path.Combine(Target, "sparse"));
        Assert.Equal(9L << 30, copy.Length);
        byte[] run = new byte[8];
        copy.Position = 5900L << 20;
        copy.ReadExactly(run);
        Assert.Equal("run 59\0\0", System.Text.Encoding.ASCII.GetString(run));
        Assert.True(Libc.StatAt(null, Path.Combine(Target, "sparse")).stx_blocks * 512 < 4 << 20);
        Assert.Equal("after", File.ReadAllText(Path.Combine(Target, "zz-after")));
    }

    [Theory]
    [InlineData("gnu")]
    [InlineData("posix")]
    [InlineData("ustar")]
    [InlineData("v7")]
    public async Task ExtractAsync_ArchiveOfGnuTar_IsTheSameTree(string format)
    {
        string source = _directory.Combine("source");
        string deep = Path.Combine(source, new string('d', 60), new string('e', 20));
        Directory.CreateDirectory(deep);
        File.WriteAllText(Path.Combine(deep, "file"), new string('x', 100_000));
        if (format is "gnu" or "posix")
        {
            File.WriteAllText(Path.Combine(deep, new string('f', 200)), "long");
        }
        File.CreateSymbolicLink(Path.Combine(source, "link"), new string('t', format is "gnu" or "posix" ? 300 : 50));
        string tar = _directory.Combine("x.tar");
        (await Command.RunAsync("tar", ["-C", source, "--format=" + format, "-cf", tar, "."], cancellationToken: Cancellation)).Expect();
        await ExtractAsync(await File.ReadAllBytesAsync(tar, Cancellation));
        (await Command.RunAsync("diff", ["-r", "--no-dereference", source, Target], cancellationToken: Cancellation)).Expect();
    }

    [Fact]
    public async Task ExtractAsync_AnyTruncation_IsRefused()
    {
        byte[] tar = new TarBuilder().Directory("d").File("d/a", new string('x', 3000)).File("b", "y").Build();
        for (int length = 0; length < tar.Length - 512; length += 100)
        {
            byte[] cut = tar[..length];
            ImageException refused = await Assert.ThrowsAsync<ImageException>(() => ExtractAsync(cut));
            Assert.Equal(ImageErrorCode.InvalidArchive, refused.Code);
            Clear();
        }
    }

    [Fact]
    public async Task ExtractAsync_Compressed_TruncatedAndCorruptAreRefused()
    {
        byte[] packed = ArchiveBuilder.Gzip(new TarBuilder().File("a", string.Concat(Enumerable.Range(0, 20_000))).Build());
        await ExtractAsync(packed);
        Clear();
        foreach (int length in (int[])[20, packed.Length / 2, packed.Length - 20])
        {
            await Assert.ThrowsAsync<ImageException>(() => ExtractAsync(packed[..length]));
            Clear();
        }
        packed[packed.Length / 2] ^= 0x55;
        await Assert.ThrowsAsync<ImageException>(() => ExtractAsync(packed));
    }

    [Fact]
    public async Task ExtractAsync_Bombs_AreStopped()
    {
        byte[] zeros = new byte[8 << 20];
        byte[] packed = ArchiveBuilder.Gzip(new TarBuilder().Add(new TarEntry { Name = "a", Type = TarEntryType.File }, zeros).Build());
        await RefusedAsync(packed, new ArchiveLimits { RatioFreeBytes = 1 << 20, MaxRatio = 100 }, "bomb");
        await RefusedAsync(packed, new ArchiveLimits { MaxTotalBytes = 1 << 20 }, "bytes after decompression");
        await RefusedAsync(packed, new ArchiveLimits { MaxFileSize = 1 << 20 }, "size");
        await RefusedAsync(packed, new ArchiveLimits { MinFreeBytes = long.MaxValue }, "free");
        await RefusedAsync(new TarBuilder().File("a").File("b").File("c").Build(), new ArchiveLimits { MaxEntries = 2 }, "entries");
        byte[] attributes = new TarBuilder().Add(new TarEntry { Name = "a", Type = TarEntryType.File, Attributes = [new Xattr("user.x", new byte[3 << 20])] }).Build();
        await RefusedAsync(attributes, ArchiveLimits.Default, "extended header");
    }

    [Fact]
    public async Task ExtractAsync_RandomMutations_OnlyEverThrowImageExceptions()
    {
        byte[] seed = new TarBuilder().Directory("d").File("d/a", "hello").Link("l", "d").HardLink("h", "d/a").File("d/" + new string('q', 150), "long")
            .Add(new TarEntry { Name = "s", Type = TarEntryType.File, ModifiedAt = new TarTime(5, 6), Attributes = [new Xattr("user.x", [1])] }, [1, 2, 3]).Build();
        var random = new Random(20260101);
        for (int round = 0; round < 1500; round++)
        {
            byte[] mutant = (byte[])seed.Clone();
            for (int changes = random.Next(1, 6); changes > 0; changes--)
            {
                int block = random.Next(mutant.Length / 512) * 512;
                mutant[block + random.Next(512)] = (byte)random.Next(256);
                if (random.Next(4) > 0)
                {
                    FixChecksum(mutant.AsSpan(block, 512));
                }
            }
            try
            {
                await ExtractAsync(mutant, new TarExtractOptions { IsLayer = round % 2 == 0, AllowDevices = false });
            }
            catch (ImageException)
            {
                // what a broken archive may lead to; anything else fails the test
            }
            Clear();
        }
        Assert.Equal(["secret", "target"], Directory.GetFileSystemEntries(_directory.Path).Select(Path.GetFileName).Order());
    }

    private static void FixChecksum(Span<byte> header)
    {
        header[148..156].Fill((byte)' ');
        int sum = 0;
        foreach (byte value in header)
        {
            sum += value;
        }
        System.Text.Encoding.ASCII.GetBytes(Convert.ToString(sum, 8).PadLeft(6, '0') + "\0 ").CopyTo(header[148..]);
    }

    private async Task RefusedAsync(byte[] tar, ArchiveLimits limits, string message)
    {
        ImageException refused = await Assert.ThrowsAsync<ImageException>(() => ExtractAsync(tar, new TarExtractOptions { IsLayer = true, Limits = limits }));
        Assert.Contains(message, refused.Message, StringComparison.Ordinal);
        Clear();
    }

    private async Task ExtractAsync(byte[] tar, TarExtractOptions? options = null)
    {
        using FileDescriptor root = Libc.Open(Target, Libc.O_RDONLY | Libc.O_DIRECTORY);
        await TarExtractor.ExtractAsync(new MemoryStream(tar), root, options ?? new TarExtractOptions { IsLayer = true }, Cancellation);
    }

    private void Clear()
    {
        Directory.Delete(Target, recursive: true);
        Directory.CreateDirectory(Target);
    }
}
