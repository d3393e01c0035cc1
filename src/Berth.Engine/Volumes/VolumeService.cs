using System.Collections.Concurrent;
using Berth.Engine.Events;
using Berth.Engine.Planning;
using Berth.Engine.State;

namespace Berth.Engine.Volumes;

/// <summary>Local volumes: directories that outlive instances.</summary>
public sealed class VolumeService
{
    private static readonly string[] ListFilters = ["name", "label", "driver", "dangling"];
    private readonly EnginePaths _paths;
    private readonly StateStore _store;
    private readonly EventJournal _events;
    private readonly TimeProvider _clock;
    private readonly ConcurrentDictionary<string, VolumeRow> _volumes = new(StringComparer.Ordinal);
    private readonly Lock _changes = new();
    private Func<string, IReadOnlyList<string>> _users = static _ => [];

    internal VolumeService(EnginePaths paths, StateStore store, EventJournal events, TimeProvider clock)
    {
        _paths = paths;
        _store = store;
        _events = events;
        _clock = clock;
        Mounts = new VolumeMounts(paths);
        foreach (VolumeRow row in store.LoadVolumes())
            _volumes[row.Name] = row;
    }

    /// <summary>Makes a volume, or gives the one of that name.</summary>
    public VolumeView Create(VolumeCreateRequest request)
    {
        if (request.Driver is not (null or "" or "local"))
            throw EngineException.NotFound($"Driver: volume driver \"{request.Driver}\" is not available: use local");
        VolumeDriverOptions.Check(request.DriverOpts, "DriverOpts");
        if (request.ClusterVolumeSpec is { ValueKind: not System.Text.Json.JsonValueKind.Null })
            throw EngineException.NotImplemented("ClusterVolumeSpec: cluster volumes are not available");
        bool anonymous = string.IsNullOrEmpty(request.Name);
        string name = anonymous ? InstanceNames.NewId() : MountPlanner.VolumeName(request.Name!, "Name");
        return View(Ensure(name, anonymous, request.Labels, request.DriverOpts));
    }

    /// <summary>Volumes (filters: name, label, driver, dangling).</summary>
    public VolumeList List(FilterSet filters)
    {
        filters.Allow(ListFilters);
        bool? dangling = filters.Boolean("dangling");
        IEnumerable<VolumeRow> rows = _volumes.Values.Where(row =>
            (!filters.Has("name") || filters["name"].Any(part => row.Name.Contains(part, StringComparison.Ordinal)))
            && filters.MatchLabels(row.Labels) && filters.MatchExact("driver", "local")
            && (dangling is not { } wanted || (_users(row.Name).Count == 0) == wanted));
        return new VolumeList { Volumes = [.. rows.OrderBy(static row => row.Name, StringComparer.Ordinal).Select(row => View(row))] };
    }

    /// <summary>One volume; NotFound.</summary>
    public VolumeView Inspect(string name) => View(Get(name));

    /// <summary>Removes a volume; Conflict when an instance uses it; with <paramref name="force"/> a missing one is no error.</summary>
    public void Remove(string name, bool force)
    {
        if (!_volumes.TryGetValue(name, out VolumeRow? row))
        {
            if (force)
                return;
            throw EngineException.NotFound($"get {name}: no such volume");
        }
        if (_users(name) is { Count: > 0 } users)
            throw EngineException.Conflict($"remove {name}: volume is in use - [{string.Join(", ", users)}]: remove the instances that mount it first");
        Delete(row);
    }

    /// <summary>Removes unused anonymous volumes, with filter <c>all=true</c> named ones too; <paramref name="namedToo"/> says what holds without that filter.</summary>
    public VolumePruneResult Prune(FilterSet filters, bool namedToo = false)
    {
        filters.Allow("all", "label", "label!");
        bool all = filters.Boolean("all") ?? namedToo;
        var deleted = new List<string>();
        long space = 0;
        foreach (VolumeRow row in _volumes.Values.Where(row => (all || row.Anonymous) && filters.MatchPruneLabels(row.Labels) && _users(row.Name).Count == 0))
        {
            Mounts.ReleaseUnused([row]);
            space += DirectorySize.Measure(_paths.VolumeData(row.Name));
            Delete(row);
            deleted.Add(row.Name);
        }
        _events.Publish("volume", "prune", "", new Dictionary<string, string> { ["reclaimed"] = space.ToString(System.Globalization.CultureInfo.InvariantCulture) });
        return new VolumePruneResult { VolumesDeleted = deleted, SpaceReclaimed = space };
    }

    /// <summary>Those with driver options, as mounts.</summary>
    internal VolumeMounts Mounts { get; }

    /// <summary>Names of the instances that mount a volume.</summary>
    internal void SetUsers(Func<string, IReadOnlyList<string>> users) => _users = users;

    internal VolumeRow? Find(string name) => _volumes.GetValueOrDefault(name);

    internal void ReleaseUnused() => Mounts.ReleaseUnused(_volumes.Values);

    internal VolumeRow Ensure(string name, bool anonymous, IReadOnlyDictionary<string, string>? labels, IReadOnlyDictionary<string, string>? options)
    {
        if (_volumes.TryGetValue(name, out VolumeRow? existing))
            return existing;
        lock (_changes)
        {
            if (_volumes.TryGetValue(name, out existing))
                return existing;
            var row = new VolumeRow
            {
                Name = name,
                CreatedAt = _clock.GetUtcNow(),
                Anonymous = anonymous,
                Labels = labels ?? new Dictionary<string, string>(),
                Options = options ?? new Dictionary<string, string>(),
            };
            Directory.CreateDirectory(_paths.VolumeData(name));
            _store.SaveVolume(row);
            _volumes[name] = row;
            _events.Publish("volume", "create", name, new Dictionary<string, string> { ["driver"] = "local" });
            return row;
        }
    }

    internal IReadOnlyList<VolumeView> Usage() => [.. _volumes.Values.Select(row => View(row) with
    {
        UsageData = new VolumeUsage { Size = DirectorySize.Measure(_paths.VolumeData(row.Name)), RefCount = _users(row.Name).Count },
    })];

    /// <summary>Deletes an instance's anonymous volume unless another uses it.</summary>
    internal void RemoveAnonymous(string name)
    {
        if (_volumes.TryGetValue(name, out VolumeRow? row) && _users(name).Count == 0)
            Delete(row);
    }

    /// <summary>Deletes directories without a record: a crash came between the two.</summary>
    internal void Sweep()
    {
        if (!Directory.Exists(_paths.Volumes))
            return;
        foreach (string directory in Directory.EnumerateDirectories(_paths.Volumes))
        {
            if (_volumes.ContainsKey(Path.GetFileName(directory)))
                continue;
            VolumeMounts.Unmount(_paths.VolumeData(Path.GetFileName(directory)));
            _ = Trees.TryDelete(directory, out _);
        }
    }

    private void Delete(VolumeRow row)
    {
        lock (_changes)
        {
            string directory = Path.Combine(_paths.Volumes, row.Name);
            VolumeMounts.Unmount(_paths.VolumeData(row.Name));
            try
            {
                _store.DeleteVolume(row.Name);
            }
            catch (EngineException e) when (e.Kind == EngineErrorKind.NoSpace)
            {
                Trees.Delete(directory); // makes the room for the record of it
                _store.DeleteVolume(row.Name);
            }
            _volumes.TryRemove(row.Name, out _);
            Trees.Delete(directory);
        }
        _events.Publish("volume", "destroy", row.Name, new Dictionary<string, string> { ["driver"] = "local" });
    }

    private VolumeRow Get(string name) => _volumes.TryGetValue(name, out VolumeRow? row) ? row : throw EngineException.NotFound($"get {name}: no such volume");

    private VolumeView View(VolumeRow row) => new()
    {
        Name = row.Name,
        Mountpoint = _paths.VolumeData(row.Name),
        CreatedAt = DockerTime.Format(row.CreatedAt),
        Labels = row.Labels,
        Options = row.Options,
    };
}
