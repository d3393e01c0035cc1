using System.Formats.Tar;
using Berth.Cli.Api;

namespace Berth.Cli.Copy;

public sealed class HostExtractorTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("berth-cp-").FullName;

    private string Target => Directory.CreateDirectory(Path.Combine(_root, "target")).FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    private static MemoryStream Archive(params TarEntry[] entries)
    {
        MemoryStream bytes = new();
        using (TarWriter writer = new(bytes, TarEntryFormat.Pax, leaveOpen: true))
        {
            foreach (var entry in entries)
            {
                writer.WriteEntry(entry);
            }
        }
        bytes.Position = 0;
        return bytes;
    }

    private static PaxTarEntry Regular(string name) => new(TarEntryType.RegularFile, name) { DataStream = new MemoryStream("x"u8.ToArray()) };

    [Fact]
    public void Extract_Renamed_PutsTheTreeUnderTheNewName()
    {
        new HostExtractor(Target, "new", keepOwner: false).Extract(Archive(new PaxTarEntry(TarEntryType.Directory, "d/"), Regular("d/f")));
        Assert.True(File.Exists(Path.Combine(Target, "new", "f")));
    }

    [Fact]
    public void Extract_ContentOnly_PutsTheContentIntoTheTarget()
    {
        new HostExtractor(Target, null, keepOwner: false).Extract(Archive(new PaxTarEntry(TarEntryType.Directory, "./"), Regular("./f")));
        Assert.True(File.Exists(Path.Combine(Target, "f")));
    }

    [Theory]
    [InlineData("../f")]
    [InlineData("d/../../f")]
    public void Extract_NameThatLeadsOut_IsRefused(string name)
    {
        Assert.Throws<CliException>(() => new HostExtractor(Target, null, keepOwner: false).Extract(Archive(Regular(name))));
        Assert.False(File.Exists(Path.Combine(_root, "f")));
    }

    [Fact]
    public void Extract_LinkThenFileThroughIt_NeverWritesOutside()
    {
        var outside = Directory.CreateDirectory(Path.Combine(_root, "outside")).FullName;
        PaxTarEntry link = new(TarEntryType.SymbolicLink, "l") { LinkName = outside };
        try
        {
            new HostExtractor(Target, null, keepOwner: false).Extract(Archive(link, Regular("l/f")));
        }
        catch (IOException)
        {
            // The link cannot be made where a directory stands by then.
        }
        catch (UnauthorizedAccessException)
        {
        }
        Assert.Empty(Directory.GetFileSystemEntries(outside));
    }
}
