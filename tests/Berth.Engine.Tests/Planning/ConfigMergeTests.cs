using Berth.Engine.Configuration;
using Berth.Engine.Planning;
using Berth.Images.Spec;

namespace Berth.Engine.Tests.Planning;

public sealed class ConfigMergeTests
{
    private static readonly ImageDefaults Image = new() { Entrypoint = ["/init"], Cmd = ["serve"], Env = ["A=1", "B=2"], User = "web", WorkingDir = "/srv" };

    [Fact]
    public void Merge_NothingAsked_TakesTheImage()
    {
        InstanceConfig merged = ConfigMerge.Merge(new InstanceConfig(), Image);
        Assert.Equal(["/init"], merged.Entrypoint);
        Assert.Equal(["serve"], merged.Cmd);
        Assert.Equal(("web", "/srv"), (merged.User, merged.WorkingDir));
    }

    [Fact]
    public void Merge_NewEntrypoint_DropsTheImagesCommand()
    {
        InstanceConfig merged = ConfigMerge.Merge(new InstanceConfig { Entrypoint = ["sh"] }, Image);
        Assert.Equal(["sh"], merged.Entrypoint);
        Assert.Null(merged.Cmd);
    }

    [Fact]
    public void Merge_EmptyEntrypoint_ClearsIt() => Assert.Null(ConfigMerge.Merge(new InstanceConfig { Entrypoint = [""], Cmd = ["x"] }, Image).Entrypoint);

    [Fact]
    public void Environment_LaterWinsAndBareNameRemoves() => Assert.Equal(["B=3", "C=4"], ConfigMerge.Environment(["A=1", "B=2"], ["B=3", "A", "C=4"]));
}
