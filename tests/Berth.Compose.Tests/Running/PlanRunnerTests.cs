using System.Text.Json.Nodes;
using Berth.Compose.Planning;
using Berth.Compose.Running;

namespace Berth.Compose.Tests.Running;

public sealed class PlanRunnerTests
{
    private const string Chain = "services: {a: {image: i, depends_on: [b]}, b: {image: i}, c: {image: i}}";

    private static (bool Succeeded, RecordedProgress Progress) Run(string compose, FakeEngine engine, CancellationTokenSource? cancellation = null)
    {
        var project = ComposeFolder.Of(compose);
        var plan = UpPlanner.Plan(project, new FoundState([], [], []), new UpOptions());
        RecordedProgress progress = new();
        StepActions actions = new(engine, progress, project, plan);
        return (new PlanRunner(actions, progress).Run(plan, cancellation?.Token ?? TestContext.Current.CancellationToken), progress);
    }

    private static JsonObject? Created(string call) => call.StartsWith("POST /containers/create", StringComparison.Ordinal) ? new JsonObject { ["Id"] = call[(call.IndexOf("name=", StringComparison.Ordinal) + 5)..] } : null;

    // Read from text, as answers are: numbers made in memory have a type of their own.
    private static JsonNode State(string status, int code = 0, string? health = null) => JsonNode.Parse(new JsonObject
    {
        ["Name"] = "/x",
        ["State"] = new JsonObject { ["Status"] = status, ["ExitCode"] = code, ["Health"] = health is null ? null : new JsonObject { ["Status"] = health } },
    }.ToJsonString())!;

    [Fact]
    public void Run_EveryStep_OnceAndInOrder()
    {
        FakeEngine engine = new() { Answer = Created };
        Assert.True(Run(Chain, engine).Succeeded);
        var calls = engine.Calls.ToList();
        Assert.Equal(7, calls.Count);
        Assert.Equal("POST /networks/create", calls[0]);
        Assert.True(calls.IndexOf("POST /containers/p-b-1/start") < calls.IndexOf("POST /containers/p-a-1/start"));
    }

    [Fact]
    public void Run_FailedStep_LeavesOutWhatDependsOnItAndNothingElse()
    {
        FakeEngine engine = new() { Answer = call => call == "POST /containers/p-b-1/start" ? throw new EngineCallException(500, "broken") : Created(call) };
        var (succeeded, progress) = Run(Chain, engine);
        Assert.False(succeeded);
        Assert.Contains("Container p-b-1 failed: broken", progress.Lines);
        Assert.DoesNotContain("POST /containers/p-a-1/start", engine.Calls);
        Assert.Contains("POST /containers/p-c-1/start", engine.Calls);
    }

    [Theory]
    [InlineData("service_healthy", "running", 0, "unhealthy", "is unhealthy")]
    [InlineData("service_healthy", "exited", 2, "starting", "ended with 2")]
    [InlineData("service_healthy", "running", 0, null, "has no health check")]
    [InlineData("service_completed_successfully", "exited", 4, null, "ended with 4")]
    public void Run_ConditionThatCannotCome_Fails(string condition, string status, int code, string? health, string part)
    {
        FakeEngine engine = new() { Answer = call => call.StartsWith("GET /containers/", StringComparison.Ordinal) ? State(status, code, health) : Created(call) };
        var (succeeded, progress) = Run($"services: {{a: {{image: i, depends_on: {{b: {{condition: {condition}}}}}}}, b: {{image: i}}}}", engine);
        Assert.False(succeeded);
        Assert.Contains(progress.Lines, line => line.Contains(part, StringComparison.Ordinal));
        Assert.DoesNotContain("POST /containers/p-a-1/start", engine.Calls);
    }

    [Fact]
    public void Run_OptionalDependencyFails_GoesOnWithAWarning()
    {
        FakeEngine engine = new() { Answer = call => call.StartsWith("GET /containers/", StringComparison.Ordinal) ? State("exited", 1) : Created(call) };
        var (succeeded, progress) = Run("services: {a: {image: i, depends_on: {b: {condition: service_completed_successfully, required: false}}}, b: {image: i}}", engine);
        Assert.True(succeeded);
        Assert.Contains(progress.Lines, line => line.StartsWith("warning: container x ended with 1", StringComparison.Ordinal));
        Assert.Contains("POST /containers/p-a-1/start", engine.Calls);
    }

    [Fact]
    public void Run_ConditionPending_IsPolledUntilItComes()
    {
        var polls = 0;
        FakeEngine engine = new() { Answer = call => call.StartsWith("GET /containers/", StringComparison.Ordinal) ? State("running", health: Interlocked.Increment(ref polls) < 4 ? "starting" : "healthy") : Created(call) };
        Assert.True(Run("services: {a: {image: i, depends_on: {b: {condition: service_healthy}}}, b: {image: i}}", engine).Succeeded);
        Assert.Equal(4, polls);
    }

    [Fact]
    public void Run_Cancelled_StartsNothingMore()
    {
        using CancellationTokenSource cancellation = new();
        FakeEngine engine = new()
        {
            Answer = call =>
            {
                if (call.StartsWith("GET /containers/", StringComparison.Ordinal))
                {
                    cancellation.Cancel();
                    return State("running", health: "starting");
                }
                return Created(call);
            },
        };
        Assert.Throws<OperationCanceledException>(() => Run("services: {a: {image: i, depends_on: {b: {condition: service_healthy}}}, b: {image: i}}", engine, cancellation));
        Assert.DoesNotContain("POST /containers/p-a-1/start", engine.Calls);
    }

    [Fact]
    public void Run_HundredServices_AtOnceOnFewThreads()
    {
        var compose = "services: {" + string.Join(", ", Enumerable.Range(0, 100).Select(i => $"s{i}: {{image: i{(i > 0 ? $", depends_on: [s{(i - 1) / 2}]" : "")}}}")) + "}";
        FakeEngine engine = new() { Answer = Created };
        Assert.True(Run(compose, engine).Succeeded);
        Assert.Equal(201, engine.Calls.Distinct().Count());
        Assert.Equal(201, engine.Calls.Count);
    }
}
