using Berth.Build.Dockerfiles;
using Berth.Build.Stages;

namespace Berth.Build.Tests.Stages;

public sealed class StageGraphTests
{
    private const string File = "FROM a AS one\nFROM one AS two\nFROM b AS unused\nFROM c AS three\nRUN --mount=from=0,target=/x y\nCOPY --from=two /a /b\nCOPY --from=image:1 /a /b\n";

    [Fact]
    public void Needed_FollowsBasesCopiesAndMounts()
    {
        Dockerfile file = Text.Parse(File);
        var graph = new StageGraph(file);
        Assert.Equal([0, 1, 3], graph.Needed(graph.Target(null), stage => stage.Base).Select(stage => stage.Index));
        Assert.Equal([0, 1], graph.Needed(graph.Target("TWO"), stage => stage.Base).Select(stage => stage.Index));
        Assert.Equal(2, graph.Target("2").Index);
    }

    [Fact]
    public void Target_Unknown_NamesThoseThatAre() =>
        Assert.Contains("one, two, unused, three", Assert.Throws<DockerfileException>(() => new StageGraph(Text.Parse(File)).Target("four")).Message);

    [Theory]
    [InlineData("FROM a AS x\nCOPY --from=x a b", "Dockerfile:2: --from=x: a stage cannot copy from itself")]
    [InlineData("FROM a\nCOPY --from=y a b\nFROM c AS y", "Dockerfile:2: --from=y: that stage comes later, in line 3")]
    [InlineData("FROM a\nCOPY --from=7 a b", "Dockerfile:2: invalid from flag value 7")]
    public void SourceOf_Impossible_IsRefused(string text, string message)
    {
        Dockerfile file = Text.Parse(text);
        var copy = (CopyInstruction)file.Stages[0].Instructions[0];
        Assert.StartsWith(message, Assert.Throws<DockerfileException>(() => new StageGraph(file).SourceOf(file.Stages[0], copy.From!, copy.Line)).Message);
    }

    [Fact]
    public void BaseOf_Number_IsAnImage()
    {
        Dockerfile file = Text.Parse("FROM a\nFROM 0\n");
        Assert.Null(new StageGraph(file).BaseOf(file.Stages[1], "0"));
    }

    [Fact]
    public void Arguments_Unused_LeavesOutProxiesAndWhatWasTaken()
    {
        var arguments = new BuildArguments(new Dictionary<string, string> { ["A"] = "1", ["B"] = "2", ["HTTP_PROXY"] = "p", ["SOURCE_DATE_EPOCH"] = "0" }, "amd64", "");
        Assert.Equal("1", arguments.Take("A"));
        Assert.Equal(["B"], arguments.Unused);
        Assert.Equal("HTTP_PROXY", Assert.Single(arguments.GivenProxies).Key);
        Assert.Equal("linux/amd64", arguments.Platform("TARGETPLATFORM"));
        Assert.Equal("default", arguments.Platform("TARGETSTAGE"));
    }
}
