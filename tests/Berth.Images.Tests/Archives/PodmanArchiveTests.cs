using Berth.Testing;

namespace Berth.Images.Tests.Archives;

/// <summary>Archives that another engine wrote, in all its formats.</summary>
public sealed class PodmanArchiveTests
{
    [Theory]
    [InlineData("docker-archive")]
    [InlineData("oci-archive")]
    [InlineData("oci-dir")]
    public async Task LoadAsync_SavedByPodman_IsTheSameImage(string format)
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        if (!File.Exists("/usr/bin/podman"))
        {
            Assert.Skip("needs podman");
        }
        Requires.Root();
        using var directory = new TemporaryDirectory();
        string[] podman = ["--root", directory.Combine("root"), "--runroot", directory.Combine("run"), "--storage-driver", "vfs"];
        File.WriteAllBytes(directory.Combine("rootfs.tar"), new TarBuilder().Directory("bin").File("bin/sh", "x", 0x1ED).Link("sh", "bin/sh").Build());
        (await Command.RunAsync("podman", [.. podman, "import", "-q", "--change", "CMD [\"/bin/sh\"]", directory.Combine("rootfs.tar"), "example.org/sample:v1"], cancellationToken: cancellation)).Expect();
        string saved = directory.Combine("saved");
        (await Command.RunAsync("podman", [.. podman, "save", "-q", "--format", format, "-o", saved, "example.org/sample:v1"], cancellationToken: cancellation)).Expect();

        using var store = new TestStore();
        IReadOnlyList<LoadedImage> loaded;
        if (Directory.Exists(saved))
        {
            loaded = await store.Store.LoadDirectoryAsync(saved, null, cancellation);
        }
        else
        {
            await using FileStream archive = File.OpenRead(saved);
            loaded = await store.Store.LoadAsync(archive, null, cancellation);
        }
        Image image = Assert.Single(loaded).Image;
        Assert.Equal(["/bin/sh"], image.Config.Config!.Cmd);
        Assert.True(File.Exists(Path.Combine(store.Store.LayerDirectories(image)[0], "bin/sh")));
        if (format != "oci-dir")
        {
            Assert.Equal(["example.org/sample:v1"], image.RepoTags);
        }

        // and the other way round
        using (FileStream ours = File.Create(directory.Combine("ours.tar")))
        {
            await store.Store.SaveAsync([image.Id], ours, cancellation);
        }
        (await Command.RunAsync("podman", [.. podman, "load", "-q", "-i", directory.Combine("ours.tar")], cancellationToken: cancellation)).Expect();
        (await Command.RunAsync("podman", [.. podman, "image", "inspect", image.Id[7..]], cancellationToken: cancellation)).Expect();
    }
}
