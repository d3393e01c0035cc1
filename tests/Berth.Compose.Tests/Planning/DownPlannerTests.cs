using Berth.Compose.Model;
using Berth.Compose.Planning;

namespace Berth.Compose.Tests.Planning;

public sealed class DownPlannerTests
{
    private const string Compose = "services: {web: {image: i, depends_on: [db]}, db: {image: i, volumes: ['v:/v']}}\nvolumes: {v: }";

    [Fact]
    public void Down_EndsDependentsFirstAndLeavesNothing()
    {
        var project = ComposeFolder.Of(Compose);
        Simulation engine = new(project);
        engine.Up();
        engine.Log.Clear();
        engine.Perform(DownPlanner.Down(project, "p", engine.State, new DownOptions { Volumes = true }));
        Assert.True(engine.Log.IndexOf("Stopped p-web-1") < engine.Log.IndexOf("Stopped p-db-1"));
        Assert.Empty(engine.State.Containers);
        Assert.Empty(engine.State.Networks);
        Assert.Empty(engine.State.Volumes);
    }

    [Fact]
    public void Down_WithoutVolumes_KeepsThem()
    {
        var project = ComposeFolder.Of(Compose);
        Simulation engine = new(project);
        engine.Up();
        engine.Perform(DownPlanner.Down(project, "p", engine.State, new DownOptions()));
        Assert.Equal(["p_v"], engine.State.Volumes.Select(volume => volume.Name));
    }

    [Fact]
    public void Down_WithoutFiles_FollowsLabelsEvenInACircle()
    {
        FoundContainer a = new("a", "p-a-1", "a", 1) { State = "running", DependsOn = [new Dependency("b", DependencyCondition.Started)] };
        FoundContainer b = new("b", "p-b-1", "b", 1) { State = "running" };
        var plan = DownPlanner.Stop(null, [b, a]);
        Assert.Equal(["a", "b"], plan.Steps.OfType<StopContainer>().OrderBy(step => step.After.Count).Select(step => step.Container.Id));
        Assert.Equal(2, DownPlanner.Stop(null, [a, b with { DependsOn = [new Dependency("a", DependencyCondition.Started)] }]).Steps.Count);
    }

    [Fact]
    public void Down_OneService_LeavesTheRest()
    {
        var project = ComposeFolder.Of(Compose);
        Simulation engine = new(project);
        engine.Up();
        engine.Perform(DownPlanner.Down(project, "p", engine.State, new DownOptions { Services = ["web"], Volumes = true }));
        Assert.Equal(["p-db-1"], engine.Containers.Select(one => one.Name));
        Assert.Single(engine.State.Networks);
        Assert.Single(engine.State.Volumes);
    }

    [Fact]
    public void Down_AnonymousVolumes_GoWithVolumesOnly()
    {
        FoundContainer container = new("a", "p-a-1", "a", 1) { Anonymous = [new AnonymousVolume("anon", "/x")] };
        FoundState state = new([container], [], []);
        Assert.Contains(DownPlanner.Down(null, "p", state, new DownOptions { Volumes = true, RemoveOrphans = true }).Steps, step => step is RemoveVolume { Name: "anon" });
        Assert.DoesNotContain(DownPlanner.Down(null, "p", state, new DownOptions { RemoveOrphans = true }).Steps, step => step is RemoveVolume);
    }
}
