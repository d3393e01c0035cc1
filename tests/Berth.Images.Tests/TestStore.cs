using Berth.Images.Tar;
using Berth.Testing;

namespace Berth.Images.Tests;

/// <summary>An image store in a folder of its own.</summary>
internal sealed class TestStore : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public TestStore(ArchiveLimits? limits = null)
    {
        Requires.Root();
        Limits = limits;
        Store = ImageStore.Open(Path, limits: limits);
    }

    public ArchiveLimits? Limits { get; }

    public ImageStore Store { get; private set; }

    public string Path => _directory.Combine("store");

    /// <summary>Closes the store and opens it again, as a restarted daemon does.</summary>
    public ImageStore Reopen()
    {
        Store.Dispose();
        return Store = ImageStore.Open(Path, limits: Limits);
    }

    /// <summary>Names of everything unfinished or unreachable: must be empty after any failure.</summary>
    public IReadOnlyList<string> Leftovers() =>
        [.. Directory.GetFileSystemEntries(System.IO.Path.Combine(Path, "tmp")), .. Store.List().Count > 0 ? [] : Directory.GetFileSystemEntries(System.IO.Path.Combine(Path, "layers")).Concat(Directory.GetFiles(System.IO.Path.Combine(Path, "blobs", "sha256")))];

    public void Dispose()
    {
        Store.Dispose();
        _directory.Dispose();
    }
}
