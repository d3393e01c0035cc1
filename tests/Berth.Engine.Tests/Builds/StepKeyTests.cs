using Berth.Engine.Builds;

namespace Berth.Engine.Tests.Builds;

public sealed class StepKeyTests
{
    private static string Key(Func<StepKey, StepKey> parts, string kind = "run", string below = "sha256:1") => parts(new StepKey(kind, below)).Finish().ToString();

    [Fact]
    public void Finish_SameParts_SameKey() => Assert.Equal(Key(k => k.Add("a").Add(["b", "c"])), Key(k => k.Add("a").Add(["b", "c"])));

    // Parts that would look alike if they were only put one after another.
    [Fact]
    public void Finish_OtherParts_OtherKeys()
    {
        string[] keys =
        [
            Key(k => k), Key(k => k, "copy"), Key(k => k, below: "sha256:2"), Key(k => k.Add("")), Key(k => k.Add((string?)null)),
            Key(k => k.Add("ab")), Key(k => k.Add("a").Add("b")), Key(k => k.Add(["a", "b"])), Key(k => k.Add(["a"]).Add(["b"])), Key(k => k.Add(["ab"])),
            Key(k => k.Add([]).Add(["ab"])), Key(k => k.Add("b").Add("a")),
        ];
        Assert.Equal(keys.Length, keys.Distinct().Count());
    }
}
