using System.Text;
using Berth.Build.Ignore;
using Berth.Images.Building;
using Berth.Images.Tar;
using Berth.Testing;

namespace Berth.Images.Tests.Building;

public sealed class BuildContextTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly BuildContext _context;

    public BuildContextTests()
    {
        Requires.Root();
        _context = new BuildContext(Directory.CreateDirectory(_directory.Combine("context")).FullName);
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Read_FileLinkAndDirectory()
    {
        await ReceiveAsync(new TarBuilder().File("Dockerfile", "FROM x").Link("inside", "Dockerfile").Link("outside", "/etc/passwd").Directory("d"));
        Assert.Equal("FROM x", Encoding.UTF8.GetString(_context.Read("Dockerfile", 100)!));
        Assert.Equal("FROM x", Encoding.UTF8.GetString(_context.Read("inside", 100)!));
        Assert.Equal(4, _context.Read("Dockerfile", 3)!.Length); // one more, so that too much shows
        Assert.Null(_context.Read("outside", 100));
        Assert.Null(_context.Read("../context/Dockerfile/..", 100));
        Assert.Null(_context.Read("d", 100));
    }

    [Fact]
    public async Task Filter_KeepsExceptionsBelowWhatIsLeftOut()
    {
        await ReceiveAsync(new TarBuilder().File("keep").File("lost").File("d/keep").File("d/lost").File("e/lost").Link("l", "keep"));
        _context.Filter(IgnoreFile.Of(["*", "!keep", "!d/keep", "!none/x"], ""));
        Assert.Equal(["d", "d/keep", "keep"], Directory.EnumerateFileSystemEntries(_context.Directory, "*", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(_context.Directory, path)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Locate_FollowsLinksInside()
    {
        File.WriteAllText(Path.Combine(_context.Directory, "a"), "");
        File.CreateSymbolicLink(Path.Combine(_context.Directory, "l"), "/../../a");
        Assert.Equal(Path.Combine(_context.Directory, "a"), BuildContext.Locate(_context.Directory, "/l"));
        Assert.Null(BuildContext.Locate(_context.Directory, "/etc/passwd"));
    }

    [Fact]
    public async Task Receive_Device_IsRefused() => Assert.Contains("device nodes", (await Assert.ThrowsAsync<ImageException>(() =>
        ReceiveAsync(new TarBuilder().Add(new TarEntry { Name = "x", Type = TarEntryType.CharacterDevice, DeviceMajor = 1, DeviceMinor = 3 })))).Message);

    // Contexts of anyone: names and links that lead out are refused, or lead nowhere.
    [Fact]
    public async Task Receive_RandomArchives_TouchNothingElse()
    {
        string canary = _directory.Combine("canary");
        File.WriteAllText(canary, "");
        string[] names = ["a", "a/b", "../canary", "/" + canary, "a/../../canary", "l", "l/x", "./a", "a/", "..", ""];
        string[] targets = ["..", "/", canary, "a", "../canary", "l"];
        var random = new Random(24);
        for (int i = 0; i < 400; i++)
        {
            var tar = new TarBuilder();
            for (int n = random.Next(1, 6); n > 0; n--)
            {
                string name = names[random.Next(names.Length)], target = targets[random.Next(targets.Length)];
                _ = random.Next(4) switch { 0 => tar.Link(name, target), 1 => tar.HardLink(name, target), 2 => tar.Directory(name), _ => tar.File(name, "overwritten") };
            }
            try
            {
                await ReceiveAsync(tar);
                _context.Filter(IgnoreFile.Of([random.Next(2) == 0 ? "**/x" : "*"], ""));
            }
            catch (ImageException)
            {
                // Refused by name.
            }
        }
        Assert.Equal("", File.ReadAllText(canary));
        Assert.Equal(["canary", "context"], Directory.EnumerateFileSystemEntries(_directory.Path).Select(entry => Path.GetFileName(entry)!).Order(StringComparer.Ordinal));
    }

    private async Task ReceiveAsync(TarBuilder tar) => await _context.ReceiveAsync(new MemoryStream(tar.Build()), ArchiveLimits.Default, Cancellation);
}
