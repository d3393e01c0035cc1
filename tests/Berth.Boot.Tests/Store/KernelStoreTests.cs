using Berth.Boot.Kernels;
using Berth.Boot.Store;
using Berth.Boot.Tests.Kernels;

namespace Berth.Boot.Tests.Store;

public sealed class KernelStoreTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("berth-kernels-").FullName;

    [Fact]
    public async Task ImportAsync_Kernel_CanBeListedReadAndRemoved()
    {
        KernelStore store = KernelStore.Open(Path.Combine(_folder, "store"), TimeProvider.System);
        string file = Write(FakeKernel.BzImage());
        await store.ImportAsync("mine", file, file, TestContext.Current.CancellationToken);
        await store.ImportAsync("mine", file, file, TestContext.Current.CancellationToken);
        Assert.Equal("mine", Assert.Single(store.List()).Name);
        StoredKernel kernel = store.Get("mine");
        Assert.Equal("bzImage", kernel.Image.Format);
        Assert.Null(kernel.ModulesDirectory);
        await store.RemoveAsync("mine", TestContext.Current.CancellationToken);
        Assert.Empty(store.List());
        Assert.Equal(BootErrorCode.NotFound, Assert.Throws<BootException>(() => store.Get("mine")).Code);
    }

    [Fact]
    public async Task ImportAsync_NoKernel_LeavesNothing()
    {
        KernelStore store = KernelStore.Open(Path.Combine(_folder, "store"), TimeProvider.System);
        await Assert.ThrowsAsync<BootException>(() => store.ImportAsync("mine", Write(new byte[2000]), "test", TestContext.Current.CancellationToken));
        Assert.Empty(store.List());
    }

    [Theory]
    [InlineData("")]
    [InlineData("../up")]
    [InlineData(".hidden")]
    [InlineData("a/b")]
    public async Task ImportAsync_BadName_Refused(string name)
    {
        KernelStore store = KernelStore.Open(Path.Combine(_folder, "store"), TimeProvider.System);
        await Assert.ThrowsAsync<BootException>(() => store.ImportAsync(name, Write(FakeKernel.BzImage()), "test", TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Get_FileChanged_Refused()
    {
        string root = Path.Combine(_folder, "store");
        KernelStore store = KernelStore.Open(root, TimeProvider.System);
        await store.ImportAsync("mine", Write(FakeKernel.BzImage()), "test", TestContext.Current.CancellationToken);
        byte[] changed = FakeKernel.BzImage();
        changed[^1] ^= 1;
        await File.WriteAllBytesAsync(Path.Combine(root, "mine", "kernel"), changed, TestContext.Current.CancellationToken);
        Assert.Equal(BootErrorCode.Corrupt, Assert.Throws<BootException>(() => store.Get("mine")).Code);
    }

    [Fact, Trait("Category", "slow")]
    public async Task GetDefaultAsync_FetchesDebiansCloudKernelOnce()
    {
        string root = Path.Combine(_folder, "store");
        KernelStore store = KernelStore.Open(root, TimeProvider.System);
        StoredKernel kernel;
        try
        {
            kernel = await store.GetDefaultAsync(null, TestContext.Current.CancellationToken);
        }
        catch (BootException e) when (e.Code == BootErrorCode.Host && Environment.GetEnvironmentVariable("CI") != "true")
        {
            Assert.Skip("no package source: " + e.Message);
            return;
        }
        Assert.Contains("-cloud-amd64", kernel.Entry.Version, StringComparison.Ordinal);
        Assert.True(Directory.Exists(Path.Combine(kernel.ModulesDirectory!, "kernel", "drivers", "virtio")));
        DateTime written = File.GetLastWriteTimeUtc(Path.Combine(root, KernelStore.DefaultName, "kernel.json"));
        Assert.Equal(kernel.Entry, (await store.GetDefaultAsync(null, TestContext.Current.CancellationToken)).Entry);
        Assert.Equal(written, File.GetLastWriteTimeUtc(Path.Combine(root, KernelStore.DefaultName, "kernel.json")));

        // One bit of the code is enough to be noticed, whoever asks.
        byte[] damaged = await File.ReadAllBytesAsync(Path.Combine(root, KernelStore.DefaultName, "kernel"), TestContext.Current.CancellationToken);
        damaged[3_000_000] ^= 1;
        Assert.Equal(BootErrorCode.Corrupt, Assert.Throws<BootException>(() => KernelImage.Parse(damaged)).Code);
    }

    [Theory]
    [InlineData("Package: a\nDepends: linux-image-6.1.0-56-cloud-amd64 (= 6.1.192-2)\n", "linux-image-6.1.0-56-cloud-amd64")]
    [InlineData("Depends: kmod, linux-image-6.12 | x\n", "linux-image-6.12")]
    [InlineData("Depends: kmod\n", null)]
    [InlineData("Depends: linux-image-;rm\n", null)]
    [InlineData("", null)]
    public void DependencyOf_Answer_GivesPackage(string shown, string? package) => Assert.Equal(package, DebianKernel.DependencyOf(shown));

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string Write(byte[] kernel)
    {
        string path = Path.Combine(_folder, "vmlinuz");
        File.WriteAllBytes(path, kernel);
        return path;
    }
}
