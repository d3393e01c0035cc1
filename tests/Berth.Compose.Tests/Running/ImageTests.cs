using System.Text.Json.Nodes;
using Berth.Compose.Running;

namespace Berth.Compose.Tests.Running;

public sealed class ImageTests
{
    [Fact]
    public void Build_SendsTheContextAndWhatTheFileSays()
    {
        using ComposeFolder folder = new("services: {s: {build: {context: ctx, dockerfile: sub/Dockerfile, args: {A: 1, B: }, target: stage, labels: {l: m}, no_cache: true, network: none, isolation: vm}}}");
        folder.Write("ctx/sub/Dockerfile", "FROM x");
        FakeEngine engine = new() { Answer = call => call.StartsWith("GET /images/", StringComparison.Ordinal) ? new JsonObject { ["Id"] = "sha256:1" } : null };
        engine.BuildAnswer.AddRange(["{\"stream\":\"Step 1/1\\n\"}", "{\"aux\":{\"ID\":\"sha256:1\"}}"]);
        RecordedProgress progress = new();
        var ids = new ImagePreparation(engine, progress, TimeProvider.System).Prepare(folder.Load().Services.Values, new ImageOptions { Build = true });
        Assert.Equal("sha256:1", ids["p-s"]);
        var source = Assert.Single(engine.Sources);
        Assert.EndsWith("/ctx", source.Directory, StringComparison.Ordinal);
        Assert.Equal((Path.Combine(source.Directory, "sub/Dockerfile"), null), (source.Dockerfile, source.Inline));
        var target = engine.Calls.Single(call => call.StartsWith("POST /build?", StringComparison.Ordinal));
        foreach (var part in new[] { "t=p-s", "buildargs=%7B%22A%22%3A%221%22%7D", "target=stage", "labels=%7B%22l%22%3A%22m%22%7D", "networkmode=none", "isolation=vm", "nocache=1" })
        {
            Assert.Contains(part, target);
        }
        Assert.Contains("Image p-s: Step 1/1", progress.Lines);
    }

    [Fact]
    public void Build_InlineDockerfile_IsAddedToTheContext()
    {
        using ComposeFolder folder = new("services: {s: {image: named, build: {context: ., dockerfile_inline: 'FROM x'}}}");
        FakeEngine engine = new() { Answer = _ => throw new EngineCallException(404, "no such image") };
        _ = new ImagePreparation(engine, new RecordedProgress(), TimeProvider.System).Prepare(folder.Load().Services.Values, new ImageOptions());
        Assert.Equal((null, "FROM x"), (Assert.Single(engine.Sources).Dockerfile, engine.Sources[0].Inline));
        Assert.Contains(engine.Calls, call => call.Contains("t=named", StringComparison.Ordinal));
    }

    [Fact]
    public void Build_ErrorAmongTheMessages_IsTold()
    {
        using ComposeFolder folder = new("services: {s: {build: .}}");
        FakeEngine engine = new() { Answer = _ => throw new EngineCallException(404, "no such image") };
        engine.BuildAnswer.Add("{\"error\":\"no Dockerfile\"}");
        Assert.Contains("no Dockerfile", Assert.Throws<ComposeException>(() => new ImagePreparation(engine, new RecordedProgress(), TimeProvider.System).Prepare(folder.Load().Services.Values, new ImageOptions())).Message);
    }

    [Theory]
    [InlineData("missing", true, false)]
    [InlineData("missing", false, true)]
    [InlineData("always", true, true)]
    [InlineData("never", false, false)]
    [InlineData("daily", true, true)]
    [InlineData("every_1000000h", true, false)]
    public void Prepare_Policy_DecidesWhetherToPull(string policy, bool present, bool pulls)
    {
        using ComposeFolder folder = new($"services: {{s: {{image: i, pull_policy: {policy}}}}}");
        FakeEngine engine = new() { Answer = _ => present ? new JsonObject { ["Id"] = "x", ["Created"] = "2020-01-01T00:00:00Z" } : throw new EngineCallException(404, "no such image") };
        _ = new ImagePreparation(engine, new RecordedProgress(), TimeProvider.System).Prepare(folder.Load().Services.Values, new ImageOptions());
        Assert.Equal(pulls, engine.Calls.Contains("pull i"));
    }

    [Fact]
    public void Prepare_OneImageOfManyServices_IsPulledOnce()
    {
        FakeEngine engine = new() { Answer = _ => throw new EngineCallException(404, "no such image") };
        _ = new ImagePreparation(engine, new RecordedProgress(), TimeProvider.System).Prepare(ComposeFolder.Of("services: {a: {image: i}, b: {image: i}, c: {image: j}}").Services.Values, new ImageOptions());
        Assert.Equal(["pull i", "pull j"], engine.Calls.Where(call => call.StartsWith("pull", StringComparison.Ordinal)).Order());
    }
}
