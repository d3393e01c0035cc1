using Berth.Build.Dockerfiles;
using Berth.Engine.Builds;
using Berth.Testing;

namespace Berth.Engine.Tests.Builds;

public sealed class CacheMountsTests : IDisposable
{
    private readonly TemporaryDirectory _root = new();
    private readonly CacheMounts _caches;

    public CacheMountsTests() => _caches = new CacheMounts(_root.Combine("caches"));

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _root.Dispose();

    private static RunMount Mount(string id, string sharing) => new() { Kind = MountKind.Cache, Id = id, Sharing = sharing, Target = "/c", Mode = 0x1C0 };

    [Fact]
    public async Task Take_SharedAndPrivate()
    {
        using CacheMounts.Lease first = await _caches.TakeAsync(Mount("a", "shared"), Cancellation), same = await _caches.TakeAsync(Mount("a", "shared"), Cancellation);
        using CacheMounts.Lease own = await _caches.TakeAsync(Mount("a", "private"), Cancellation), other = await _caches.TakeAsync(Mount("../../b", "shared"), Cancellation);
        Assert.Equal(first.Directory, same.Directory);
        Assert.NotEqual(first.Directory, own.Directory);
        Assert.Equal(_root.Combine("caches"), Path.GetDirectoryName(other.Directory));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(own.Directory));
    }

    [Fact]
    public async Task Take_Locked_WaitsForTheOther()
    {
        CacheMounts.Lease first = await _caches.TakeAsync(Mount("a", "locked"), Cancellation);
        Task<CacheMounts.Lease> second = _caches.TakeAsync(Mount("a", "locked"), Cancellation);
        Assert.False(second.IsCompleted);
        first.Dispose();
        (await second).Dispose();
    }

    [Fact]
    public async Task Prune_LeavesWhatIsInUse()
    {
        Assert.Empty(_caches.List());
        (await _caches.TakeAsync(Mount("free", "shared"), Cancellation)).Dispose();
        using CacheMounts.Lease used = await _caches.TakeAsync(Mount("used", "shared"), Cancellation);
        File.WriteAllText(Path.Combine(used.Directory, "f"), "123");
        Assert.Equal(3, _caches.List().Single(static entry => entry.InUse).Size);
        Assert.Single(_caches.Prune().Names);
        Assert.Equal(Path.GetFileName(used.Directory), Assert.Single(_caches.List()).Name);
    }
}
