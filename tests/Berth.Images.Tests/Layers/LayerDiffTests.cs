using Berth.Images.Layers;
using Berth.Linux;
using Berth.Testing;

namespace Berth.Images.Tests.Layers;

/// <summary>Changes made through a real overlay mount, listed and committed.</summary>
public sealed class LayerDiffTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public LayerDiffTests()
    {
        Requires.Root();
        foreach (string name in (string[])["lower", "upper", "work", "merged"])
        {
            Directory.CreateDirectory(_directory.Combine(name));
        }
        Directory.CreateDirectory(_directory.Combine("lower", "d", "deep"));
        Directory.CreateDirectory(_directory.Combine("lower", "replaced"));
        Directory.CreateDirectory(_directory.Combine("lower", "same"));
        foreach (string name in (string[])["changed", "gone", "d/deep/gone", "replaced/old", "same/x", "linked"])
        {
            File.WriteAllText(_directory.Combine("lower", name), name);
        }
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string Upper => _directory.Combine("upper");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Compare_ChangesThroughOverlay_AreListedAsDockerDoes()
    {
        Change();
        IReadOnlyList<FileChange> changes = LayerDiff.Compare(Upper, [_directory.Combine("lower")]);
        Assert.Equal(
            ["C /changed", "C /d", "C /d/deep", "D /d/deep/gone", "A /d/deep/made", "D /gone", "C /linked", "A /linked2", "A /new", "A /new/sub", "C /replaced", "A /replaced/now", "D /replaced/old"],
            changes.Select(change => $"{"CAD"[(int)change.Kind]} {change.Path}"));
    }

    [Fact]
    public async Task CommitAsync_UpperDirectory_GivesTheSameTreeAgain()
    {
        Change();
        using var store = new TestStore();
        using var lower = new MemoryStream();
        await LayerTarWriter.WriteTreeAsync(_directory.Combine("lower"), lower, Cancellation);
        lower.Position = 0;
        Image parent = await store.Store.ImportAsync(lower, ImageReference.Parse("base"), null, ["CMD x"], Cancellation);
        var options = new CommitOptions { Base = parent, Reference = ImageReference.Parse("child"), Author = "me", Comment = "why", Changes = ["ENV A=1"] };
        Image child = await store.Store.CommitAsync(options, (tar, stop) => LayerTarWriter.WriteUpperAsync(Upper, tar, stop), Cancellation);
        Assert.Equal(parent.Id, child.ParentId);
        Assert.Equal((2, "me", "why"), (child.ChainIds.Count, child.Config.Author, child.Config.Comment));
        Assert.Equal(["/bin/sh", "-c", "x"], child.Config.Config!.Cmd);
        Assert.Equal(["A=1"], child.Config.Config.Env);
        IReadOnlyList<string> layers = store.Store.LayerDirectories(child);
        WithOverlay($"lowerdir={Upper}:{_directory.Combine("lower")}", expected =>
            WithOverlay($"lowerdir={string.Join(':', layers)}", actual =>
                Command.RunAsync("diff", ["-r", "--no-dereference", expected, actual], cancellationToken: Cancellation).GetAwaiter().GetResult().Expect()));
        Assert.Equal(2u, Libc.StatAt(null, Path.Combine(layers[0], "linked2")).stx_nlink);

        using var first = new MemoryStream();
        using var second = new MemoryStream();
        await LayerTarWriter.WriteUpperAsync(Upper, first, Cancellation);
        await LayerTarWriter.WriteUpperAsync(layers[0], second, Cancellation);
        Assert.Equal(first.ToArray(), second.ToArray());
    }

    // Some kernels mark each directory that they make, others those that replace one: the layer is the same.
    [Fact]
    public async Task WriteUpperAsync_OpaqueMark_CountsWhereItHidesSomething()
    {
        Change();
        using var plain = new MemoryStream();
        using var marked = new MemoryStream();
        await LayerTarWriter.WriteUpperAsync(Upper, plain, Cancellation, null, [_directory.Combine("lower")]);
        Mark("new", true);
        Mark("new/sub", true);
        await LayerTarWriter.WriteUpperAsync(Upper, marked, Cancellation, null, [_directory.Combine("lower")]);
        Assert.Equal(plain.ToArray(), marked.ToArray());
        Mark("replaced", false);
        using var bare = new MemoryStream();
        await LayerTarWriter.WriteUpperAsync(Upper, bare, Cancellation, null, [_directory.Combine("lower")]);
        Assert.NotEqual(plain.ToArray(), bare.ToArray());
    }

    private void Mark(string name, bool isOpaque)
    {
        using FileDescriptor directory = Libc.Open(Path.Combine(Upper, name), Libc.O_RDONLY | Libc.O_DIRECTORY);
        Libc.SetXattr(directory, "trusted.overlay.opaque", isOpaque ? "y"u8 : "n"u8);
    }

    private void Change() => WithOverlay($"lowerdir={_directory.Combine("lower")},upperdir={Upper},workdir={_directory.Combine("work")}", root =>
    {
        File.AppendAllText(Path.Combine(root, "changed"), "!");
        File.Delete(Path.Combine(root, "gone"));
        File.Delete(Path.Combine(root, "d/deep/gone"));
        File.WriteAllText(Path.Combine(root, "d/deep/made"), "x");
        Directory.CreateDirectory(Path.Combine(root, "new/sub"));
        Directory.Delete(Path.Combine(root, "replaced"), recursive: true);
        Directory.CreateDirectory(Path.Combine(root, "replaced"));
        File.WriteAllText(Path.Combine(root, "replaced/now"), "x");
        Libc.LinkAt(null, Path.Combine(root, "linked"), null, Path.Combine(root, "linked2"));
        using FileStream sparse = File.Create(Path.Combine(root, "new/sub", "sparse"));
        sparse.SetLength(5 << 20);
        sparse.Position = 3 << 20;
        sparse.WriteByte(1);
        File.Delete(Path.Combine(root, "new/sub/sparse"));
    });

    private void WithOverlay(string options, Action<string> act)
    {
        string merged = Directory.CreateDirectory(_directory.Combine("merged-" + Guid.NewGuid().ToString("n"))).FullName;
        Libc.Mount("overlay", merged, "overlay", 0, options + ",redirect_dir=off,metacopy=off,index=off");
        try
        {
            act(merged);
        }
        finally
        {
            Libc.Unmount(merged);
        }
    }
}
