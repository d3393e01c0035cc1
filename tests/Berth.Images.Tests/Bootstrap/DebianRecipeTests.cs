using Berth.Images.Bootstrap;
using Berth.Testing;

namespace Berth.Images.Tests.Bootstrap;

public sealed class DebianRecipeTests
{
    [Theory]
    [InlineData("Types: deb\nURIs: http://mirror.example/debian\nSuites: bookworm\n", "http://mirror.example/debian")]
    [InlineData("deb [signed-by=/x.gpg] https://mirror.example/debian/ bookworm main\n", "https://mirror.example/debian")]
    [InlineData("deb https://packages.example/apt stable main\n", null)]
    [InlineData("# deb http://mirror.example/debian bookworm main\n", null)]
    public void HostMirror_SourcesOfTheHost_IsTheDebianOne(string sources, string? expected)
    {
        using var apt = new TemporaryDirectory();
        Directory.CreateDirectory(apt.Combine("sources.list.d"));
        File.WriteAllText(apt.Combine("sources.list.d", sources.StartsWith("Types", StringComparison.Ordinal) ? "x.sources" : "x.list"), sources);
        Assert.Equal(expected, DebianRecipe.HostMirror(apt.Path));
    }

    [Theory]
    [InlineData("alpine")]
    [InlineData("busybox:1.36")]
    [InlineData("debian@sha256:0000000000000000000000000000000000000000000000000000000000000000")]
    public async Task BootstrapAsync_UnknownName_SaysWhatThereIs(string name)
    {
        using var store = new TestStore();
        ImageException refused = await Assert.ThrowsAsync<ImageException>(() => store.Store.BootstrapAsync(name, null, TestContext.Current.CancellationToken));
        Assert.Equal(ImageErrorCode.InvalidParameter, refused.Code);
        Assert.Contains("debian:SUITE", refused.Message, StringComparison.Ordinal);
    }

    /// <summary>Downloads some sixty megabytes and takes a minute: run where BERTH_TEST_DEBIAN is set.</summary>
    [Fact]
    public async Task BootstrapAsync_Debian_MakesACleanImage()
    {
        if (Environment.GetEnvironmentVariable("BERTH_TEST_DEBIAN") is null)
        {
            Assert.Skip("set BERTH_TEST_DEBIAN to run debootstrap");
        }
        using var store = new TestStore();
        Image image = await store.Store.BootstrapAsync("debian", null, TestContext.Current.CancellationToken);
        string layer = Assert.Single(store.Store.LayerDirectories(image));
        Assert.Contains("bookworm", File.ReadAllText(Path.Combine(layer, "etc", "os-release")), StringComparison.Ordinal);
        Assert.Equal(["partial"], Directory.GetFileSystemEntries(Path.Combine(layer, "var", "lib", "apt", "lists")).Select(Path.GetFileName));
        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(layer, "tmp")));
        Assert.Empty(store.Leftovers());
    }
}
