namespace Berth.Engine.Tests;

public sealed class FilterSetTests
{
    [Theory]
    [InlineData("""{"name":{"a":true,"b":false}}""")]
    [InlineData("""{"name":["a"]}""")]
    public void Parse_BothForms_GiveTheValues(string json) => Assert.Equal(["a"], FilterSet.Parse(json)["name"]);

    [Theory]
    [InlineData("x")]
    [InlineData("[]")]
    [InlineData("""{"a":1}""")]
    [InlineData("""{"a":[1]}""")]
    [InlineData("""{"a":{"b":{"c":{"d":{}}}}}""")]
    public void Parse_Nonsense_IsInvalid(string json) => Assert.Equal(EngineErrorKind.InvalidParameter, Assert.Throws<EngineException>(() => FilterSet.Parse(json)).Kind);

    [Fact]
    public void MatchLabels_KeysAndValues_MustAllHold()
    {
        var labels = new Dictionary<string, string> { ["a"] = "1", ["b"] = "x=y" };
        Assert.True(FilterSet.Of(("label", "a"), ("label", "b=x=y")).MatchLabels(labels));
        Assert.False(FilterSet.Of(("label", "a=2")).MatchLabels(labels));
        Assert.False(FilterSet.Of(("label!", "a")).MatchPruneLabels(labels));
    }

    [Fact]
    public void Parse_Times_InEveryForm()
    {
        DateTimeOffset now = DateTimeOffset.UnixEpoch.AddDays(1);
        Assert.Equal(now.AddMinutes(-90), DockerTime.Parse("1h30m", "since", now));
        Assert.Equal(DateTimeOffset.UnixEpoch.AddSeconds(1.5), DockerTime.Parse("1.5", "since", now));
        Assert.Equal(DateTimeOffset.UnixEpoch, DockerTime.Parse("1970-01-01T00:00:00Z", "since", now));
        Assert.Throws<EngineException>(() => DockerTime.Parse("soon", "since", now));
        Assert.Equal(DockerTime.Never, DockerTime.Format(null));
    }
}
