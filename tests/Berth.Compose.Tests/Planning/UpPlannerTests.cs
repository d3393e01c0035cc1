using Berth.Compose.Planning;

namespace Berth.Compose.Tests.Planning;

public sealed class UpPlannerTests
{
    private const string Three = "services:\n  web: {image: i, depends_on: [api], scale: 2}\n  api: {image: i, depends_on: {db: {condition: service_healthy}}, volumes: ['v:/v']}\n  db: {image: i}\nvolumes: {v: }\n";

    [Fact]
    public void Plan_Nothing_IsThere_CreatesAndStartsInOrder()
    {
        Simulation engine = new(ComposeFolder.Of(Three));
        engine.Up();
        Assert.Equal(["p-api-1", "p-db-1", "p-web-1", "p-web-2"], engine.Containers.Select(one => one.Name).Order());
        Assert.True(engine.Log.IndexOf("Started p-db-1") < engine.Log.IndexOf("Healthy db"));
        Assert.True(engine.Log.IndexOf("Healthy db") < engine.Log.IndexOf("Started p-api-1"));
        Assert.True(engine.Log.IndexOf("Started p-api-1") < engine.Log.IndexOf("Started p-web-1"));
    }

    [Fact]
    public void Plan_ChangedService_ReplacesItAlone()
    {
        Simulation engine = new(ComposeFolder.Of(Three));
        engine.Up();
        Simulation later = new(ComposeFolder.Of(Three.Replace("api: {image: i,", "api: {image: i, user: u,", StringComparison.Ordinal)));
        later.Take(engine);
        var before = later.Containers.ToDictionary(one => one.Name, one => one.Id);
        later.Up();
        Assert.Equal(["p-api-1"], later.Containers.Where(one => before[one.Name] != one.Id).Select(one => one.Name));
        Assert.Equal(0, later.Up());
    }

    [Fact]
    public void Plan_NewImage_Replaces()
    {
        Simulation engine = new(ComposeFolder.Of("services: {s: {image: i}}"));
        engine.Images["i"] = "one";
        engine.Up();
        Assert.Equal(0, engine.Up());
        engine.Images["i"] = "two";
        engine.Up();
        Assert.Equal("two", Assert.Single(engine.Containers).ImageId);
    }

    [Fact]
    public void Plan_ScaledDown_RemovesTheHighestNumbers()
    {
        Simulation engine = new(ComposeFolder.Of("services: {s: {image: i}}"));
        engine.Up(new UpOptions { Scale = new Dictionary<string, int> { ["s"] = 5 } });
        engine.Up(new UpOptions { Scale = new Dictionary<string, int> { ["s"] = 2 } });
        Assert.Equal([1, 2], engine.Containers.Select(one => one.Number).Order());
        engine.Up(new UpOptions { Scale = new Dictionary<string, int> { ["s"] = 0 } });
        Assert.Empty(engine.Containers);
    }

    [Fact]
    public void Plan_GapInNumbers_IsFilled()
    {
        var project = ComposeFolder.Of("services: {s: {image: i, scale: 3}}");
        Simulation engine = new(project);
        engine.Add(new FoundContainer("aaaaaaaaaaaa", "p-s-2", "s", 2) { Hash = project.Services["s"].Hash, State = "running" });
        engine.Up();
        Assert.Equal([1, 2, 3], engine.Containers.Select(one => one.Number).Order());
    }

    [Fact]
    public void Plan_Recreated_KeepsAnonymousVolumesUnlessRenewed()
    {
        Simulation engine = new(ComposeFolder.Of("services: {s: {image: i}}"));
        engine.Add(new FoundContainer("aaaaaaaaaaaa", "p-s-1", "s", 1) { Hash = "old", State = "running", Anonymous = [new AnonymousVolume("vol", "/d")] });
        engine.Up();
        Assert.Equal("vol", Assert.Single(engine.Containers).Anonymous[0].Name);
        engine.Up(new UpOptions { Recreate = RecreatePolicy.Force, RenewAnonymousVolumes = true });
        Assert.Empty(Assert.Single(engine.Containers).Anonymous);
    }

    [Fact]
    public void Plan_StaticAddress_OldOneIsGoneBeforeTheNewOneIsMade()
    {
        Simulation engine = new(ComposeFolder.Of("services: {s: {image: i, networks: {n: {ipv4_address: 10.0.0.5}}}}\nnetworks: {n: }"));
        engine.Up();
        engine.Log.Clear();
        engine.Up(new UpOptions { Recreate = RecreatePolicy.Force });
        Assert.Equal(["Stopped p-s-1", "Removed p-s-1", "Recreated p-s-1", "Started p-s-1"], engine.Log);
    }

    [Fact]
    public void Plan_Replicas_AreReplacedInTurn()
    {
        Simulation engine = new(ComposeFolder.Of("services: {s: {image: i, scale: 2}}"));
        engine.Up();
        var plan = UpPlanner.Plan(ComposeFolder.Of("services: {s: {image: i, scale: 2}}"), engine.State, new UpOptions { Recreate = RecreatePolicy.Force });
        var stops = plan.Steps.OfType<StopContainer>().ToList();
        var firstStart = plan.Steps.OfType<StartContainer>().First();
        Assert.Contains(firstStart.Index, stops[1].After);
    }

    [Fact]
    public void Plan_DependentThatAskedForIt_IsRestarted()
    {
        const string Compose = "services: {a: {image: i, depends_on: {b: {condition: service_started, restart: true}}}, b: {image: i}, c: {image: i, depends_on: [b]}}";
        Simulation engine = new(ComposeFolder.Of(Compose));
        engine.Up();
        Simulation later = new(ComposeFolder.Of(Compose.Replace("b: {image: i}", "b: {image: i, user: u}", StringComparison.Ordinal)));
        later.Take(engine);
        later.Up();
        Assert.Equal(["Stopped p-a-1", "Started p-b-1", "Started p-a-1"], later.Log.Where(line => line is "Stopped p-a-1" or "Started p-b-1" or "Started p-a-1"));
        Assert.DoesNotContain("Stopped p-c-1", later.Log);
    }

    [Fact]
    public void Plan_SharedNamespace_FollowsItsOwner()
    {
        const string Compose = "services: {a: {image: i, network_mode: 'service:b'}, b: {image: i}}";
        Simulation engine = new(ComposeFolder.Of(Compose));
        engine.Up();
        Simulation later = new(ComposeFolder.Of(Compose.Replace("b: {image: i}", "b: {image: i, user: u}", StringComparison.Ordinal)));
        later.Take(engine);
        later.Up();
        Assert.Contains("Recreated " + ContainerNames.Temporary(engine.Containers.Single(one => one.Service == "a").Id, "p-a-1"), later.Log);
    }

    [Fact]
    public void Plan_ChangedNetwork_IsMadeAnewWithItsContainers()
    {
        const string Compose = "services: {a: {image: i}, b: {image: i, networks: [n]}}\nnetworks: {n: {internal: false}}";
        Simulation engine = new(ComposeFolder.Of(Compose));
        engine.Up();
        Simulation later = new(ComposeFolder.Of(Compose.Replace("false", "true", StringComparison.Ordinal)));
        later.Take(engine);
        later.Up();
        Assert.True(later.Log.IndexOf("Removed p-b-1") < later.Log.IndexOf("Removed p_n"));
        Assert.DoesNotContain("Stopped p-a-1", later.Log);
        Assert.Equal(0, later.Up());
    }

    [Fact]
    public void Plan_Orphans_AreReportedOrRemoved()
    {
        Simulation engine = new(ComposeFolder.Of("services: {s: {image: i}, off: {image: i, profiles: [x]}}"));
        engine.Add(new FoundContainer("aaaaaaaaaaaa", "p-gone-1", "gone", 1) { State = "running" });
        engine.Add(new FoundContainer("bbbbbbbbbbbb", "p-off-1", "off", 1) { State = "running" });
        Assert.Contains("p-gone-1", Assert.Single(UpPlanner.Plan(ComposeFolder.Of("services: {s: {image: i}, off: {image: i, profiles: [x]}}"), engine.State, new UpOptions()).Warnings));
        engine.Up(new UpOptions { RemoveOrphans = true });
        Assert.Equal(["p-off-1", "p-s-1"], engine.Containers.Select(one => one.Name).Order());
    }

    [Fact]
    public void Plan_ExternalMissing_IsAnError()
    {
        var project = ComposeFolder.Of("services: {s: {image: i, networks: [n]}}\nnetworks: {n: {external: true, name: other}}");
        Assert.Contains("berth network create other", Assert.Throws<ComposeException>(() => UpPlanner.Plan(project, new FoundState([], [], []), new UpOptions())).Message);
        _ = UpPlanner.Plan(project, new FoundState([], [new FoundNetwork("1", "other", "", "")], []), new UpOptions());
    }

    [Fact]
    public void Plan_NamedServices_BringTheirDependenciesOnly()
    {
        Simulation engine = new(ComposeFolder.Of(Three));
        engine.Up(new UpOptions { Services = ["api"] });
        Assert.Equal(["p-api-1", "p-db-1"], engine.Containers.Select(one => one.Name).Order());
        Simulation alone = new(ComposeFolder.Of(Three));
        alone.Up(new UpOptions { Services = ["api"], NoDependencies = true });
        Assert.Equal(["p-api-1"], alone.Containers.Select(one => one.Name));
    }

    [Fact]
    public void Plan_CreatedOnly_ThenUp_Starts()
    {
        Simulation engine = new(ComposeFolder.Of(Three));
        engine.Up(new UpOptions { NoStart = true });
        Assert.DoesNotContain(engine.Containers, one => one.IsRunning);
        engine.Up();
        Assert.All(engine.Containers, one => Assert.True(one.IsRunning));
    }

    /// <summary>Whatever is there, and wherever it was broken off: after one more plan, planning gives no action.</summary>
    [Fact]
    public void Plan_AnyState_BrokenOffAnywhere_ConvergesAndIsThenEmpty()
    {
        Random random = new(42);
        string[] variants =
        [
            Three,
            Three.Replace("db: {image: i}", "db: {image: i, user: u}", StringComparison.Ordinal),
            Three.Replace("scale: 2", "scale: 3, networks: {n: {ipv4_address: 10.0.0.9}}", StringComparison.Ordinal) + "networks: {n: }\n",
            "services: {api: {image: i, network_mode: 'service:db'}, db: {image: i}, one: {image: i, container_name: fixed}}",
            "services: {web: {image: j, scale: 1}, db: {image: i, depends_on: {web: {condition: service_completed_successfully, restart: true}}}}\nnetworks: {default: {internal: true}}",
        ];
        for (var round = 0; round < 400; round++)
        {
            Simulation? engine = null;
            for (var turn = 0; turn < 4; turn++)
            {
                Simulation next = new(ComposeFolder.Of(variants[random.Next(variants.Length)]));
                if (engine is not null)
                {
                    next.Take(engine);
                }
                engine = next;
                engine.Up(Options(random), random.Next(12));
            }
            UpOptions last = new() { RemoveOrphans = true };
            engine!.Up(last);
            Assert.Equal(0, engine.Up(last));
            Assert.All(engine.Containers, one => Assert.True(one.IsRunning && !one.Name.Contains('_', StringComparison.Ordinal)));
        }
    }

    private static UpOptions Options(Random random) => new()
    {
        RemoveOrphans = random.Next(2) == 0,
        NoStart = random.Next(4) == 0,
        Recreate = (RecreatePolicy)random.Next(3),
        Scale = random.Next(3) == 0 ? new Dictionary<string, int> { ["db"] = random.Next(4) } : new Dictionary<string, int>(),
    };
}
