using Berth.Containers.Rootfs;
using Berth.Containers.Tests.Lifecycle;
using Berth.Linux;
using static Berth.Linux.Libc;

namespace Berth.Containers.Tests.Rootfs;

public sealed class DetachedMountTests : IDisposable
{
    private readonly TestContainer _box = new();

    public void Dispose() => _box.Dispose();

    // What kernels without "lowerdir+" get: all layers in one page of options.
    [Fact]
    public void OverlayByOptions_As127LayersWithLongNames_AllAreSeen()
    {
        List<string> layers = [];
        for (int i = 0; i < 126; i++)
        {
            string layer = Path.Combine(_box.Directory, "layers", $"{i:d3}-{new string('x', 120)}");
            Directory.CreateDirectory(layer);
            File.WriteAllText(Path.Combine(layer, $"f{i}"), "");
            layers.Add(layer);
        }
        int seen = 0;
        Thread thread = new(() =>
        {
            Unshare(CLONE_NEWNS);
            Mount(null, "/", null, MS_REC | MS_PRIVATE);
            using FileDescriptor root = DetachedMount.OverlayByOptions(_box.Rootfs with { LowerDirectories = [.. layers, _box.Lower] });
            using FileDescriptor top = PathWalker.OpenInRoot(root, "/", O_RDONLY | O_DIRECTORY);
            seen = ReadDirectory(top).Count(static e => e.Name.StartsWith('f'));
        });
        thread.Start();
        thread.Join();
        Assert.Equal(126, seen);
    }
}
