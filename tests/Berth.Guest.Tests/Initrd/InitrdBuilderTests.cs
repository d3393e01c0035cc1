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

    [Fact]
    public void InOrder_PackageWithoutList_TakesWhatTheModulesSay()
    {
        File.Delete(_folder.Combine("m", "modules.dep"));
        File.WriteAllBytes(_folder.Combine("m", "kernel", "virtio_pci.ko"), Module("license=GPL\0depends=virtio,virtio-ring\0"));
        File.WriteAllBytes(_folder.Combine("m", "kernel", "virtio-ring.ko"), Module("depends=virtio\0"));
        File.WriteAllBytes(_folder.Combine("m", "kernel", "virtio.ko"), Module("depends=\0"));
        IReadOnlyList<string> order = KernelModules.Open(_folder.Combine("m")).InOrder(["virtio_pci"]);
        Assert.Equal(["virtio.ko", "virtio-ring.ko", "virtio_pci.ko"], order.Select(path => Path.GetFileName(path)));
        // "a" of the fixture is four bytes and a name: no module.
        Assert.Throws<InitrdException>(() => KernelModules.Open(_folder.Combine("m")).InOrder(["a"]));
    }

    // An ELF file of two sections: the names, and the information.
    private static byte[] Module(string information)
    {
        byte[] names = System.Text.Encoding.ASCII.GetBytes("\0.modinfo\0"), info = System.Text.Encoding.ASCII.GetBytes(information);
        byte[] file = new byte[64 + 128 + names.Length + info.Length];
        "\x7f"u8.CopyTo(file);
        "ELF"u8.CopyTo(file.AsSpan(1));
        BitConverter.TryWriteBytes(file.AsSpan(40), 64ul);
        BitConverter.TryWriteBytes(file.AsSpan(60), (ushort)2);
        (int At, byte[] Content, int Name)[] sections = [(192, names, 0), (192 + names.Length, info, 1)];
        for (int i = 0; i < 2; i++)
        {
            BitConverter.TryWriteBytes(file.AsSpan(64 + (i * 64)), sections[i].Name);
            BitConverter.TryWriteBytes(file.AsSpan(64 + (i * 64) + 24), (ulong)sections[i].At);
            BitConverter.TryWriteBytes(file.AsSpan(64 + (i * 64) + 32), (ulong)sections[i].Content.Length);
            sections[i].Content.CopyTo(file, sections[i].At);
        }
        return file;
    }
}
