using Berth.Build.Ignore;
using Berth.Images.Building;
using Berth.Images.Tar;
using Berth.Linux;
using Berth.Testing;

namespace Berth.Images.Tests.Building;

public sealed class SourceFilesTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly string _source, _target;

    public SourceFilesTests()
    {
        Requires.Root();
        _source = Directory.CreateDirectory(_directory.Combine("source")).FullName;
        _target = Directory.CreateDirectory(_directory.Combine("target")).FullName;
        foreach (string file in (string[])["a", "b.txt", "c.txt", "d/e", "d/f/g", "d/f/h.txt"])
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(_source, file))!);
            File.WriteAllText(Path.Combine(_source, file), file);
        }
        Directory.CreateDirectory(Path.Combine(_target, "have"));
        File.CreateSymbolicLink(Path.Combine(_target, "link"), "/have");
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    // [DOCKERFILE] "COPY": what lands where.
    [Theory]
    [InlineData("a", "/x", "x")]
    [InlineData("a", "/x/", "x/ x/a")]
    [InlineData("a", "/have", "have/a")]
    [InlineData("a", "/link", "have/a")]
    [InlineData("a", "/new/deep/x", "new/ new/deep/ new/deep/x")]
    [InlineData("*.txt", "/x/", "x/ x/b.txt x/c.txt")]
    [InlineData("d", "/x", "x/ x/e x/f/ x/f/g x/f/h.txt")]
    [InlineData("d/", "/have", "have/e have/f/ have/f/g have/f/h.txt")]
    [InlineData("d/*", "/x/", "x/ x/e x/g x/h.txt")]
    [InlineData("d/f/../e", "/x", "x")]
    [InlineData("../../a", "/x", "x")]
    [InlineData("/d/?/g", "/x", "x")]
    [InlineData("[ab]*", "/x/", "x/ x/a x/b.txt")]
    public async Task Copy_Places(string pattern, string destination, string made)
    {
        await CopyAsync([pattern], destination, new CopyOptions());
        Assert.Equal(made.Split(' ').Order(StringComparer.Ordinal), Made());
    }

    [Fact]
    public async Task Copy_ParentsAndExcludes()
    {
        await CopyAsync(["d/f/g", "./d/./f/h.txt"], "/x/", new CopyOptions { KeepsParents = true });
        Assert.Equal(["x/", "x/d/", "x/d/f/", "x/d/f/g", "x/f/", "x/f/h.txt"], Made());
        await CopyAsync(["."], "/y", new CopyOptions { Excludes = IgnoreFile.Of(["**/*.txt", "d/f", "!d/f/g"], "") });
        Assert.Equal(["y/", "y/a", "y/d/", "y/d/e", "y/d/f/", "y/d/f/g"], Made().Where(name => name[0] == 'y'));
    }

    [Fact]
    public async Task Copy_OwnerModeAndTime_AreSet()
    {
        await CopyAsync(["d"], "/x", new CopyOptions { Owner = (3, 4), Mode = 0x1E8, Latest = new TarTime(1000) });
        using FileDescriptor root = Libc.Open(_target, Libc.O_RDONLY | Libc.O_DIRECTORY);
        Libc.statx file = Libc.StatAt(root, "x/f/g");
        Assert.Equal((3u, 4u, 0x1E8u, 1000L), (file.stx_uid, file.stx_gid, file.Permissions, file.stx_mtime.tv_sec));
    }

    [Theory]
    [InlineData("none", "not found")]
    [InlineData("*.none", "not found")]
    [InlineData("a\0b", "NUL")]
    public void New_Missing_IsRefused(string pattern, string why)
    {
        using FileDescriptor source = Libc.Open(_source, Libc.O_RDONLY | Libc.O_DIRECTORY);
        Assert.Contains(why, Assert.Throws<ImageException>(() => new SourceFiles(source, [pattern])).Message);
    }

    [Fact]
    public async Task Copy_FileInTheWay_IsRefused()
    {
        File.WriteAllText(Path.Combine(_target, "file"), "");
        Assert.Contains("non-directory", (await Assert.ThrowsAsync<ImageException>(() => CopyAsync(["d"], "/file", new CopyOptions()))).Message);
        Directory.CreateDirectory(Path.Combine(_target, "have", "e"));
        Assert.Contains("cannot overwrite directory", (await Assert.ThrowsAsync<ImageException>(() => CopyAsync(["d"], "/have", new CopyOptions()))).Message);
    }

    [Fact]
    public async Task Copy_Archive_IsUnpackedWhereAsked()
    {
        File.WriteAllBytes(Path.Combine(_source, "x.tar"), new TarBuilder().Directory("link").File("link/in", "packed").Build());
        File.WriteAllBytes(Path.Combine(_source, "damaged.tar"), [0x1F, 0x8B, 1, 2, 3, 4, 5, 6]);
        await CopyAsync(["x.tar", "damaged.tar", "a"], "/", new CopyOptions { Unpacks = true });
        Assert.Equal(["a", "damaged.tar", "have/in"], Made());
        await CopyAsync(["x.tar"], "/y/", new CopyOptions());
        Assert.Contains("y/x.tar", Made());
    }

    [Fact]
    public async Task Digest_ContentsModesAndNamesCount_TimesDoNot()
    {
        string first = await DigestAsync();
        File.SetLastWriteTimeUtc(Path.Combine(_source, "d/e"), DateTime.UnixEpoch.AddDays(400));
        Assert.Equal(first, await DigestAsync());
        File.SetUnixFileMode(Path.Combine(_source, "d/e"), UnixFileMode.UserRead);
        string mode = await DigestAsync();
        File.Move(Path.Combine(_source, "d/e"), Path.Combine(_source, "d/E"));
        string name = await DigestAsync();
        File.AppendAllText(Path.Combine(_source, "d/E"), "x");
        string content = await DigestAsync();
        File.WriteAllText(Path.Combine(_source, "a"), "not copied");
        Assert.Equal(content, await DigestAsync());
        Assert.Equal(4, new HashSet<string> { first, mode, name, content }.Count);
    }

    // Trees of links that lead anywhere: whatever is copied from and to, only the two roots are touched.
    [Fact]
    public async Task Copy_RandomLinks_StayInside()
    {
        string canary = _directory.Combine("canary");
        Directory.CreateDirectory(canary);
        File.WriteAllText(Path.Combine(canary, "secret"), "secret");
        string[] targets = [canary, "/", "..", "../canary", "/../../" + canary, "have", "d", "/d/f", "loop", canary + "/secret"];
        string[] names = ["a", "d", "have", "link", "loop", "l1", "l2", "d/l3", "d/f/l4"];
        var random = new Random(23);
        for (int i = 0; i < 300; i++)
        {
            foreach (string root in (string[])[_source, _target])
            {
                string link = Path.Combine(root, names[random.Next(5, names.Length)]);
                Directory.CreateDirectory(Path.GetDirectoryName(link)!);
                if (new FileInfo(link).LinkTarget is not null)
                    File.Delete(link);
                if (!Path.Exists(link))
                    File.CreateSymbolicLink(link, targets[random.Next(targets.Length)]);
            }
            try
            {
                await CopyAsync([names[random.Next(names.Length)] + (random.Next(3) == 0 ? "/*" : "")], "/" + names[random.Next(names.Length)] + (random.Next(2) == 0 ? "/" : ""), new CopyOptions());
            }
            catch (ImageException)
            {
                // Something is in the way or missing.
            }
        }
        Assert.Equal(["secret"], Directory.EnumerateFileSystemEntries(canary).Select(entry => Path.GetFileName(entry)!));
        Assert.Equal(3, Directory.EnumerateFileSystemEntries(_directory.Path).Count());
        using var grep = Command.Start("grep", ["-rl", "--exclude-dir=canary", "^secret$", _directory.Path]);
        Assert.Empty(await grep.StandardOutput.ReadToEndAsync(Cancellation));
    }

    private async Task CopyAsync(string[] patterns, string destination, CopyOptions options)
    {
        using FileDescriptor source = Libc.Open(_source, Libc.O_RDONLY | Libc.O_DIRECTORY), target = Libc.Open(_target, Libc.O_RDONLY | Libc.O_DIRECTORY);
        await new SourceFiles(source, patterns).CopyAsync(target, destination, options, Cancellation);
    }

    private async Task<string> DigestAsync()
    {
        using FileDescriptor source = Libc.Open(_source, Libc.O_RDONLY | Libc.O_DIRECTORY);
        return (await new SourceFiles(source, ["d"]).DigestAsync(new CopyOptions(), Cancellation)).ToString();
    }

    private IEnumerable<string> Made() => Directory.EnumerateFileSystemEntries(_target, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.None })
        .Select(path => Path.GetRelativePath(_target, path) + (Directory.Exists(path) && new FileInfo(path).LinkTarget is null ? "/" : ""))
        .Where(name => name is not ("have/" or "link") && !name.StartsWith("link/", StringComparison.Ordinal)).Order(StringComparer.Ordinal);
}
