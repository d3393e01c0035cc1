using Berth.Engine.Builds;
using Berth.Linux;
using Berth.Testing;

namespace Berth.Engine.Tests.Builds;

public sealed class MountStubsTests : IDisposable
{
    private readonly TemporaryDirectory _root = new();

    public void Dispose() => _root.Dispose();

    [Fact]
    public void Remove_TakesWhatTheMountsMadeAndNothingElse()
    {
        Directory.CreateDirectory(_root.Combine("have"));
        File.CreateSymbolicLink(_root.Combine("link"), "/have");
        Directory.SetLastWriteTimeUtc(_root.Combine("have"), DateTime.UnixEpoch);
        using FileDescriptor root = Libc.Open(_root.Path, Libc.O_RDONLY | Libc.O_DIRECTORY);
        var stubs = new MountStubs(root, ["/have", "/have/file", "/new/deep/dir", "/link/through", "/written/dir"]);
        File.WriteAllText(_root.Combine("have/file"), "");
        Directory.CreateDirectory(_root.Combine("have/through"));
        Directory.CreateDirectory(_root.Combine("new/deep/dir"));
        Directory.CreateDirectory(_root.Combine("written/dir"));
        File.WriteAllText(_root.Combine("written/by-the-command"), "");
        Directory.SetLastWriteTimeUtc(_root.Combine("have"), DateTime.UnixEpoch);

        stubs.Remove(root);

        Assert.Equal(["have", "link", "written", "written/by-the-command"], Directory.EnumerateFileSystemEntries(_root.Path, "*", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(_root.Path, path)).Where(path => !path.StartsWith("link/", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
        Assert.Equal(DateTime.UnixEpoch, Directory.GetLastWriteTimeUtc(_root.Combine("have")));
    }

    [Fact]
    public void Remove_FileWithContent_Stays()
    {
        using FileDescriptor root = Libc.Open(_root.Path, Libc.O_RDONLY | Libc.O_DIRECTORY);
        var stubs = new MountStubs(root, ["/a/b"]);
        Directory.CreateDirectory(_root.Combine("a"));
        File.WriteAllText(_root.Combine("a/b"), "the command's");
        stubs.Remove(root);
        Assert.True(File.Exists(_root.Combine("a/b")));
    }
}
