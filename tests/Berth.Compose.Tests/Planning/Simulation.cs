using Berth.Compose.Model;
using Berth.Compose.Planning;

namespace Berth.Compose.Tests.Planning;

/// <summary>An engine of records: performs plans in their order and checks that every step may happen when it does.</summary>
internal sealed class Simulation(Project project)
{
    private readonly Dictionary<string, FoundContainer> _containers = [];
    private readonly Dictionary<string, FoundNetwork> _networks = [];
    private readonly Dictionary<string, FoundVolume> _volumes = [];
    private int _next;

    public List<string> Log { get; } = [];

    public IEnumerable<FoundContainer> Containers => _containers.Values;

    public FoundState State => new([.. _containers.Values], [.. _networks.Values], [.. _volumes.Values]) { Images = Images };

    public Dictionary<string, string> Images { get; } = [];

    /// <summary>Takes over everything that another one has.</summary>
    public void Take(Simulation other)
    {
        foreach (var container in other._containers.Values)
        {
            _containers[container.Id] = container;
        }
        foreach (var network in other._networks.Values)
        {
            _networks[network.Name] = network;
        }
        foreach (var volume in other._volumes.Values)
        {
            _volumes[volume.Name] = volume;
        }
        _next = other._next;
    }

    public void Add(FoundContainer container) => _containers[container.Id] = container;

    /// <summary>Plans and performs up to <paramref name="limit"/> steps, as if the rest had been broken off. Returns the number of actions planned.</summary>
    public int Up(UpOptions? options = null, int limit = int.MaxValue) => Perform(UpPlanner.Plan(project, State, options ?? new UpOptions()), limit);

    public int Perform(Plan plan, int limit = int.MaxValue)
    {
        Dictionary<Slot, string> ids = new(plan.Known);
        foreach (var step in plan.Steps)
        {
            Assert.All(step.After, before => Assert.InRange(before, 0, step.Index - 1));
        }
        foreach (var step in plan.Steps.Take(limit))
        {
            Perform(step, ids);
        }
        return plan.Steps.Count(step => step is not AwaitService);
    }

    private void Perform(Step step, Dictionary<Slot, string> ids)
    {
        Log.Add($"{step.Words.Done} {step.Subject.Split(' ')[1]}");
        switch (step)
        {
            case CreateNetwork create:
                Assert.True(_networks.TryAdd(create.Network.Name, new FoundNetwork(create.Network.Name, create.Network.Name, project.Name, create.Network.Hash)));
                break;
            case RemoveNetwork remove:
                Assert.True(_networks.Remove(remove.Network.Name));
                break;
            case CreateVolume create:
                Assert.True(_volumes.TryAdd(create.Volume.Name, new FoundVolume(create.Volume.Name, project.Name, create.Volume.Hash)));
                break;
            case RemoveVolume remove:
                _volumes.Remove(remove.Name);
                break;
            case CreateContainer create:
                Assert.DoesNotContain(_containers.Values, one => one.Name == create.Name);
                Assert.All(create.Service.Network.Endpoints, endpoint => Assert.Contains(project.Networks[endpoint.Network].Name, _networks.Keys));
                var id = $"{++_next:x12}";
                _containers[id] = new FoundContainer(id, create.Name, create.Service.Name, create.Number)
                {
                    Hash = create.Service.Hash,
                    ImageId = Images.GetValueOrDefault(create.Service.Image, ""),
                    Anonymous = create.Replaces?.Anonymous ?? [],
                };
                ids[new Slot(create.Service.Name, create.Number)] = id;
                break;
            case StopContainer stop:
                _containers[stop.Container.Id] = _containers[stop.Container.Id] with { State = "exited" };
                break;
            case RemoveContainer remove:
                Assert.False(_containers[remove.Container.Id].IsRunning);
                _containers.Remove(remove.Container.Id);
                break;
            case RenameContainer rename:
                Assert.DoesNotContain(_containers.Values, one => one.Name == rename.Name);
                _containers[ids[rename.Slot]] = _containers[ids[rename.Slot]] with { Name = rename.Name };
                break;
            case StartContainer start:
                Assert.False(_containers[ids[start.Slot]].IsRunning);
                foreach (var dependency in project.Services[start.Slot.Service].DependsOn)
                {
                    Assert.All(_containers.Values.Where(one => one.Service == dependency.Service && one.Hash == project.Services[dependency.Service].Hash), one => Assert.True(one.IsRunning));
                }
                _containers[ids[start.Slot]] = _containers[ids[start.Slot]] with { State = "running" };
                break;
        }
    }
}
