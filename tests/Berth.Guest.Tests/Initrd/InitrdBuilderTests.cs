using Berth.Guest.Initrd;
using Berth.Testing;

namespace Berth.Guest.Tests.Initrd;

public sealed class InitrdBuilderTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    public InitrdBuilderTests()
    {
        Directory.CreateDirectory(_folder.Combine("m", "kernel"));
        File.WriteAllText(_folder.Combine("m", "modules.dep"), "kernel/virtio_pci.ko: kernel/virtio-ring.ko kernel/virtio.ko\nkernel/virtio-ring.ko: kernel/virtio.ko\nkernel/virtio.ko:\nkernel/a.ko: kernel/b.ko\nkernel/b.ko: kernel/a.ko\n");
        File.WriteAllText(_folder.Combine("m", "modules.builtin"), "kernel/fs/ext4/ext4.ko\n");
        foreach (string name in (string[])["virtio_pci", "virtio-ring", "virtio", "a", "b"])
        {
            File.WriteAllText(_folder.Combine("m", "kernel", name + ".ko"), "\x7f" + "ELF" + name);
        }
        File.WriteAllText(_folder.Combine("agent"), "the agent");
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void InOrder_Dependencies_ComeFirstAndOnce()
    {
        IReadOnlyList<string> order = KernelModules.Open(_folder.Combine("m")).InOrder(["ext4", "virtio_pci", "virtio-pci", "virtio_ring"]);
        Assert.Equal(["virtio.ko", "virtio-ring.ko", "virtio_pci.ko"], order.Select(path => Path.GetFileName(path)));
    }

    [Theory]
    [InlineData("a", "itself")]
    [InlineData("nope", "no module nope")]
    public void InOrder_CannotBe_SaysWhy(string name, string why)
    {
        InitrdException e = Assert.Throws<InitrdException>(() => KernelModules.Open(_folder.Combine("m")).InOrder([name]));
        Assert.Contains(why, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_PathLeadsOutside_IsRefused()
    {
        File.WriteAllText(_folder.Combine("m", "modules.dep"), "../../etc/shadow:\n");
        Assert.Throws<InitrdException>(() => KernelModules.Open(_folder.Combine("m")));
    }

    [Fact]
    public async Task Build_TwiceThenChanged_IsCachedByContentAndReadableByCpio()
    {
        var builder = new InitrdBuilder(_folder.Combine("cache"));
        KernelModules modules = KernelModules.Open(_folder.Combine("m"));
        string first = builder.Build(_folder.Combine("agent"), modules, ["virtio_pci"]);
        DateTime made = File.GetLastWriteTimeUtc(first);
        Assert.Equal(first, builder.Build(_folder.Combine("agent"), modules, ["virtio_pci"]));
        Assert.Equal(made, File.GetLastWriteTimeUtc(first));

        string list = (await Command.RunAsync("cpio", ["-t", "-F", first], cancellationToken: TestContext.Current.CancellationToken)).Expect().Output;
        Assert.Equal(["dev", "proc", "sys", "berth", "berth/lib", "dev/console", "init", "berth/lib/virtio.ko", "berth/lib/virtio-ring.ko", "berth/lib/virtio_pci.ko", "berth/modules"],
            list.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Directory.CreateDirectory(_folder.Combine("x"));
        (await Command.RunAsync("sh", ["-c", $"cd '{_folder.Combine("x")}' && cpio -id --no-absolute-filenames init 'berth/*' <'{first}'"], cancellationToken: TestContext.Current.CancellationToken)).Expect();
        Assert.Equal("the agent", File.ReadAllText(_folder.Combine("x", "init")));
        Assert.True(File.GetUnixFileMode(_folder.Combine("x", "init")).HasFlag(UnixFileMode.UserExecute));
        Assert.Equal("/berth/lib/virtio.ko\n/berth/lib/virtio-ring.ko\n/berth/lib/virtio_pci.ko\n", File.ReadAllText(_folder.Combine("x", "berth", "modules")));

        File.WriteAllText(_folder.Combine("agent"), "a newer agent");
        Assert.NotEqual(first, builder.Build(_folder.Combine("agent"), modules, ["virtio_pci"]));
    }
}
