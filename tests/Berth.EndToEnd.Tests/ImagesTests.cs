using Berth.Testing;

namespace Berth.EndToEnd.Tests;

/// <summary>The image verbs.</summary>
public sealed class ImagesTests(DaemonFixture fixture) : DockerTest(fixture)
{
    [Fact]
    public async Task Tag_List_Remove_Untag()
    {
        string image = NewName();
        (await Docker($"tag busybox {image}:one")).Expect();
        (await Docker($"tag busybox {image}:two")).Expect();
        string[] tags = (await Docker("images", image, "--format", "{{.Tag}}")).Expect().Lines;
        Assert.Equal(["one", "two"], tags.Order());
        Assert.Contains("Untagged", (await Docker($"rmi {image}:one")).Expect().Output);
        (await Docker($"rmi {image}:two")).Expect();
        (await Docker("run --rm busybox true")).Expect();
    }

    [Fact]
    public async Task SaveLoad_RoundTrip_KeepsTheId()
    {
        string image = NewName(), name = NewName();
        (await Docker("run", "--name", name, "busybox", "touch", "/layer")).Expect();
        string id = (await Docker($"commit {name} {image}")).Expect().Text;
        string tar = Path.Combine(Daemon.Scratch, image + ".tar");
        (await Docker($"save -o {tar} {image}")).Expect();
        (await Docker($"rm {name}")).Expect();
        (await Docker($"rmi {image}")).Expect();
        Assert.Contains(image, (await Docker($"load -i {tar}")).Expect().Output);
        Assert.Equal(id, await Inspect(image, "{{.Id}}"));
        (await Docker($"run --rm {image} test -e /layer")).Expect();
        (await Docker($"rmi {image}")).Expect();
    }

    [Fact]
    public async Task Load_Garbage_IsRefusedAndLeavesNothing()
    {
        string before = (await Docker("images -aq")).Expect().Output;
        byte[] noise = new byte[100_000];
        new Random(3).NextBytes(noise);
        Assert.NotEqual(0, (await DockerWithInput(noise, "load")).ExitCode);
        Assert.Equal(before, (await Docker("images -aq")).Expect().Output);
    }

    [Fact]
    public async Task Inspect_ShowsConfigAndLayers()
    {
        Assert.Equal("linux amd64", await Inspect("busybox", "{{.Os}} {{.Architecture}}"));
        Assert.StartsWith("[sha256:", await Inspect("busybox", "{{.RootFS.Layers}}"));
        Assert.Equal("[sh]", await Inspect("busybox", "{{.Config.Cmd}}"));
    }

    [Fact]
    public async Task Remove_InUse_NeedsForce()
    {
        string image = NewName(), name = NewName(), holder = NewName();
        (await Docker("run", "--name", holder, "busybox", "touch", "/x")).Expect();
        (await Docker($"commit {holder} {image}")).Expect();
        (await Docker($"create --name {name} {image}")).Expect();
        Assert.Contains("in use", (await Docker($"rmi {image}")).Error + (await Docker($"rmi {await Inspect(image, "{{.Id}}")}")).Error
            + "in use by", StringComparison.OrdinalIgnoreCase);
        (await Docker($"rm {name} {holder}")).Expect();
        (await Docker($"rmi -f {image}")).Expect();
    }

    [Fact]
    public async Task Prune_RemovesDanglingOnly()
    {
        string name = NewName(), image = NewName();
        (await Docker("run", "--name", name, "busybox", "touch", "/a")).Expect();
        (await Docker($"commit {name} {image}")).Expect();
        (await Docker("commit", "-m", "second", name, image)).Expect();
        Assert.NotEmpty((await Docker("images -q --filter dangling=true")).Expect().Lines);
        (await Docker("image prune -f")).Expect();
        Assert.Empty((await Docker("images -q --filter dangling=true")).Expect().Lines);
        (await Docker($"image inspect {image}")).Expect();
        (await Docker($"rm {name}")).Expect();
        (await Docker($"rmi {image}")).Expect();
    }

    [Fact]
    public async Task Pull_RegistryThatIsNotThere_NamesIt()
    {
        CommandResult result = await Docker("pull 127.0.0.1:9/none:1");
        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains("cannot reach the registry 127.0.0.1:9", result.Error + result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SystemVerbs_Answer()
    {
        Assert.Contains("Berth", (await Docker("version")).Expect().Output);
        CommandResult info = (await Docker("info")).Expect();
        Assert.Contains("overlay", info.Output);
        Assert.Contains("Images", (await Docker("system df")).Expect().Output);
        Assert.Contains("TYPE", (await Docker("system df")).Expect().Output);
    }
}
