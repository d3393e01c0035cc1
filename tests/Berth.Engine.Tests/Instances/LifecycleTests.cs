using Berth.Containers.Supervision;
using Berth.Engine.Configuration;
using Berth.Engine.Events;
using Berth.Engine.Instances;

namespace Berth.Engine.Tests.Instances;

public sealed class LifecycleTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Run_ToTheEnd_TellsWaitersAndForgets()
    {
        await using EngineFixture fixture = await EngineFixture.StartAsync();
        InstanceService instances = fixture.Engine.Instances;
        string id = await fixture.CreateAsync("web");
        Task<WaitResult> wait = instances.WaitAsync("web", WaitCondition.NextExit, Stop);
        await instances.StartAsync(id[..6], Stop);
        Assert.Equal("running", instances.Inspect(id).State.Status);
        Assert.Equal(EngineErrorKind.NotModified, (await Assert.ThrowsAsync<EngineException>(() => instances.StartAsync(id, Stop))).Kind);
        fixture.Supervisor.End(id, 7);
        Assert.Equal(7, (await wait.WaitAsync(TimeSpan.FromSeconds(10), Stop)).StatusCode);
        InstanceInspect seen = instances.Inspect(id);
        Assert.Equal(("exited", 7), (seen.State.Status, seen.State.ExitCode));
        Assert.Equal(7, (await instances.WaitAsync(id, WaitCondition.NotRunning, Stop)).StatusCode);
        await instances.RemoveAsync(id, false, true, Stop);
        Assert.False(Directory.Exists(Path.Combine(fixture.DataRoot, "containers", id)));
        Assert.Equal(EngineErrorKind.NotFound, Assert.Throws<EngineException>(() => instances.Inspect(id)).Kind);
    }

    [Fact]
    public async Task AutoRemove_AfterTheEnd_IsGoneWhenTheWaiterHears()
    {
        await using EngineFixture fixture = await EngineFixture.StartAsync();
        string id = await fixture.CreateAsync(null, new HostConfig { AutoRemove = true });
        Task<WaitResult> wait = fixture.Engine.Instances.WaitAsync(id, WaitCondition.Removed, Stop);
        await fixture.Engine.Instances.StartAsync(id, Stop);
        fixture.Supervisor.End(id, 3);
        Assert.Equal(3, (await wait.WaitAsync(TimeSpan.FromSeconds(10), Stop)).StatusCode);
        Assert.Empty(Directory.GetDirectories(Path.Combine(fixture.DataRoot, "containers")));
    }

    [Fact]
    public async Task Create_Conflicts_AreTold()
    {
        await using EngineFixture fixture = await EngineFixture.StartAsync();
        await fixture.CreateAsync("web");
        Assert.Equal(EngineErrorKind.Conflict, (await Assert.ThrowsAsync<EngineException>(() => fixture.CreateAsync("web"))).Kind);
        var missing = new CreateRequest { Config = new InstanceConfig { Image = "nothing" }, HostConfig = new HostConfig { NetworkMode = "none" } };
        EngineException error = await Assert.ThrowsAsync<EngineException>(() => fixture.Engine.Instances.CreateAsync(missing, Stop));
        Assert.Equal((EngineErrorKind.NotFound, "No such image: nothing:latest"), (error.Kind, error.Message));
        Assert.Single(Directory.GetDirectories(Path.Combine(fixture.DataRoot, "containers")));
    }

    [Fact]
    public async Task Start_Refused_KeepsTheErrorAndCode()
    {
        await using EngineFixture fixture = await EngineFixture.StartAsync();
        string id = await fixture.CreateAsync();
        fixture.Supervisor.RefuseStart = new SupervisorException(SupervisorErrorKind.StartFailed, "exec: \"/file\": no such file or directory", 127);
        EngineException error = await Assert.ThrowsAsync<EngineException>(() => fixture.Engine.Instances.StartAsync(id, Stop));
        Assert.Equal((127, EngineErrorKind.InvalidParameter), (error.ExitCode, error.Kind));
        InstanceStateView state = fixture.Engine.Instances.Inspect(id).State;
        Assert.Equal(("created", 127), (state.Status, state.ExitCode));
    }

    [Fact]
    public async Task Stop_DeafWorkload_IsKilled()
    {
        await using EngineFixture fixture = await EngineFixture.StartAsync();
        string id = await fixture.CreateAsync();
        await fixture.Engine.Instances.StartAsync(id, Stop);
        fixture.Supervisor.Obeys.Clear();
        await fixture.Engine.Instances.StopAsync(id, 0, "USR1", Stop);
        Assert.Equal(10, Assert.Single(fixture.Supervisor.Signals).Signal);
        Assert.Equal(137, fixture.Engine.Instances.Inspect(id).State.ExitCode);
        Assert.Equal(EngineErrorKind.NotModified, (await Assert.ThrowsAsync<EngineException>(() => fixture.Engine.Instances.StopAsync(id, 0, null, Stop))).Kind);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Remove_ForcedWhileAStartOrRestartComes_Wins(bool restart)
    {
        await using EngineFixture fixture = await EngineFixture.StartAsync();
        InstanceService instances = fixture.Engine.Instances;
        string id = await fixture.CreateAsync();
        await instances.StartAsync(id, Stop);
        EngineException? refusal = null;
        fixture.Supervisor.Killed = async () =>
        {
            await instances.WaitAsync(id, WaitCondition.NotRunning, Stop);
            refusal = await Assert.ThrowsAsync<EngineException>(() => restart ? instances.RestartAsync(id, 0, null, Stop) : instances.StartAsync(id, Stop));
        };
        await instances.RemoveAsync(id, force: true, volumes: false, Stop);
        Assert.Equal(EngineErrorKind.Conflict, refusal?.Kind);
        Assert.Equal(EngineErrorKind.NotFound, Assert.Throws<EngineException>(() => instances.Inspect(id)).Kind);
        Assert.Equal(0, fixture.Supervisor.Known);
    }

    [Fact]
    public async Task RestartPolicy_OnFailure_TriesAgainAndGivesUp()
    {
        await using EngineFixture fixture = await EngineFixture.StartAsync();
        string id = await fixture.CreateAsync(null, new HostConfig { RestartPolicy = new RestartPolicy { Name = "on-failure", MaximumRetryCount = 2 } });
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        limit.CancelAfter(TimeSpan.FromSeconds(20));
        IAsyncEnumerable<EngineEvent> events = fixture.Engine.Events.Listen(null, null, FilterSet.Of(("event", "start")), limit.Token);
        Task<WaitResult> stopped = fixture.Engine.Instances.WaitAsync(id, WaitCondition.NotRunning, Stop);
        await fixture.Engine.Instances.StartAsync(id, Stop);
        stopped = fixture.Engine.Instances.WaitAsync(id, WaitCondition.NotRunning, Stop);
        int starts = 0;
        await foreach (EngineEvent _ in events)
        {
            fixture.Supervisor.End(id, 1);
            if (++starts == 3)
                break;
        }
        Assert.Equal(1, (await stopped.WaitAsync(limit.Token)).StatusCode);
        Assert.Equal(2, fixture.Engine.Instances.Inspect(id).RestartCount);
    }

    [Fact]
    public async Task Rename_Update_List_ShowTheChange()
    {
        await using EngineFixture fixture = await EngineFixture.StartAsync();
        InstanceService instances = fixture.Engine.Instances;
        string id = await fixture.CreateAsync("a1", null, new InstanceConfig { Labels = new Dictionary<string, string> { ["k"] = "v" } });
        await fixture.CreateAsync("b1");
        await instances.RenameAsync("a1", "c1", Stop);
        await Assert.ThrowsAsync<EngineException>(() => instances.RenameAsync("c1", "b1", Stop));
        await instances.UpdateAsync("c1", new UpdateConfig { Memory = 64 << 20, RestartPolicy = new RestartPolicy { Name = "always" } }, Stop);
        Assert.Equal((64 << 20, "always"), (instances.Inspect(id).HostConfig.Memory, instances.Inspect(id).HostConfig.RestartPolicy!.Name));
        Assert.Empty(instances.List(false, 0, false, FilterSet.Empty));
        Assert.Equal("/c1", Assert.Single(instances.List(true, 0, false, FilterSet.Of(("label", "k=v")))).Names[0]);
        Assert.Equal("/b1", Assert.Single(instances.List(false, 1, false, FilterSet.Empty)).Names[0]);
        Assert.Single(instances.List(true, 0, false, FilterSet.Of(("name", "^/?b"))));
        Assert.Throws<EngineException>(() => instances.List(true, 0, false, FilterSet.Of(("colour", "red"))));
    }

    [Fact]
    public async Task Create_TwoHundredAtOnce_AllComeAndGo()
    {
        await using EngineFixture fixture = await EngineFixture.StartAsync();
        InstanceService instances = fixture.Engine.Instances;
        await Parallel.ForAsync(0, 200, Stop, async (_, stop) =>
        {
            string id = await fixture.CreateAsync();
            await instances.StartAsync(id, stop);
            await instances.RemoveAsync(id, true, true, stop);
        });
        Assert.Empty(instances.List(true, 0, false, FilterSet.Empty));
        Assert.Empty(Directory.GetDirectories(Path.Combine(fixture.DataRoot, "containers")));
    }
}
