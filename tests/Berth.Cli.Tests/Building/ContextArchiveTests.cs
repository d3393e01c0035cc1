using System.Formats.Tar;
using System.Text;
using Berth.Cli.Api;
using Berth.Cli.Building;
using Berth.Linux;
using Berth.Testing;

namespace Berth.Cli.Tests.Building;

public sealed class ContextArchiveTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public ContextArchiveTests()
    {
        foreach (string file in (string[])["Dockerfile", "a", "d/b", "d/c", "o/x"])
        {
            Directory.CreateDirectory(Path.GetDirectoryName(_directory.Combine(file))!);
            File.WriteAllText(_directory.Combine(file), file);
        }
        File.CreateSymbolicLink(_directory.Combine("l"), "/nowhere");
    }

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Open_Directory_LeavesOutWhatIsIgnored()
    {
        File.WriteAllText(_directory.Combine(".dockerignore"), "d\n!d/c\no\nDockerfile\n");
        File.SetUnixFileMode(_directory.Combine("a"), UnixFileMode.UserRead | UnixFileMode.UserExecute);
        using var archive = ContextArchive.Open(Input(""), _directory.Path, null);
        Dictionary<string, TarEntry> entries = Read(archive);
        Assert.Equal([".dockerignore", "Dockerfile", "a", "d/c", "l"], entries.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserExecute, entries["a"].Mode);
        Assert.Equal("/nowhere", entries["l"].LinkName);
        Assert.Equal("Dockerfile", archive.Dockerfile);
    }

    [Fact]
    public void Open_DockerfileElsewhere_GoesAlongUnderANameOfItsOwn()
    {
        using var other = new TemporaryDirectory();
        File.WriteAllText(other.Combine("Other"), "FROM x");
        using var archive = ContextArchive.Open(Input(""), _directory.Combine("d"), other.Combine("Other"));
        Assert.StartsWith(".dockerfile.", archive.Dockerfile);
        Assert.Equal([archive.Dockerfile, "b", "c"], Read(archive).Keys.Order(StringComparer.Ordinal));
        using var nested = ContextArchive.Open(Input(""), _directory.Path, _directory.Combine("d/b"));
        Assert.Equal("d/b", nested.Dockerfile);
    }

    [Fact]
    public void Open_Input_DockerfileOrArchive()
    {
        using var text = ContextArchive.Open(Input("FROM scratch\n"), "-", null);
        Assert.Equal(["Dockerfile"], Read(text).Keys);
        using var stream = new MemoryStream();
        using (var writer = new TarWriter(stream, leaveOpen: true))
            writer.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, "F") { DataStream = new MemoryStream("FROM scratch"u8.ToArray()) });
        using var archive = ContextArchive.Open(Input(Encoding.Latin1.GetString(stream.ToArray())), "-", "F");
        Assert.Equal("F", archive.Dockerfile);
        Assert.Equal(["F"], Read(archive).Keys);
    }

    // The daemon fetches it.
    [Fact]
    public void Open_Address_SendsNothing()
    {
        using var archive = ContextArchive.Open(Input(""), "https://example.org/x.git#main:sub", "ci/Dockerfile");
        Assert.Equal((-1, "ci/Dockerfile"), (archive.Content.ReadByte(), archive.Dockerfile));
    }

    [Fact]
    public void Open_Wrong_SaysWhatToDo()
    {
        Assert.Contains("give the Dockerfile with -f", Assert.Throws<CliException>(() => ContextArchive.Open(Input(""), _directory.Combine("d"), null)).Message);
        Assert.Contains("no directory", Assert.Throws<CliException>(() => ContextArchive.Open(Input(""), "/none", null)).Message);
        Assert.Contains("clone the repository", Assert.Throws<CliException>(() => ContextArchive.Open(Input(""), "https://example.org/x.git", "-")).Message);
        File.WriteAllText(_directory.Combine(".dockerignore"), "[");
        using var archive = ContextArchive.Open(Input(""), _directory.Path, null);
        archive.Content.CopyTo(Stream.Null);
        archive.Dispose();
        Assert.Contains(".dockerignore:1", Assert.Throws<CliException>(archive.ThrowIfFailed).Message);
    }

    [Theory]
    [InlineData("id=a,src=FILE", "a", "content")]
    [InlineData("src=FILE,id=b,type=file", "b", "content")]
    [InlineData("id=c,env=BERTH_TEST_SECRET", "c", "of the environment")]
    public void Secret_Forms(string text, string id, string content)
    {
        Environment.SetEnvironmentVariable("BERTH_TEST_SECRET", "of the environment");
        File.WriteAllText(_directory.Combine("secret"), "content");
        (string Id, byte[] Content) secret = SecretSpec.Read(text.Replace("FILE", _directory.Combine("secret"), StringComparison.Ordinal));
        Assert.Equal((id, content), (secret.Id, Encoding.UTF8.GetString(secret.Content)));
    }

    [Theory]
    [InlineData("src=x")]
    [InlineData("id=")]
    [InlineData("id=a,what=x")]
    public void Secret_Malformed_IsRefused(string text) => Assert.Throws<CommandLine.UsageException>(() => SecretSpec.Read(text));

    private static FileDescriptor Input(string text)
    {
        (FileDescriptor read, FileDescriptor write) = Libc.Pipe();
        using (write)
            Libc.WriteAll(write, Encoding.Latin1.GetBytes(text));
        return read;
    }

    private static Dictionary<string, TarEntry> Read(ContextArchive archive)
    {
        using var all = new MemoryStream();
        archive.Content.CopyTo(all);
        all.Position = 0;
        var entries = new Dictionary<string, TarEntry>();
        using var reader = new TarReader(all);
        while (reader.GetNextEntry(copyData: true) is { } entry)
            entries[entry.Name] = entry;
        return entries;
    }
}
