using System.Collections.Concurrent;

namespace Berth.Engine.Instances;

/// <summary>All instances, found by id, name or the beginning of an id.</summary>
internal sealed class InstanceRegistry
{
    private readonly ConcurrentDictionary<string, Instance> _byId = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, string> _idByName = new(StringComparer.Ordinal);

    public IEnumerable<Instance> All => _byId.Values;

    public int Count => _byId.Count;

    public Instance Get(string nameOrId) => Find(nameOrId) ?? throw EngineException.NotFound($"No such container: {nameOrId}");

    public Instance? Find(string nameOrId)
    {
        string bare = nameOrId.TrimStart('/');
        if (_byId.TryGetValue(bare, out Instance? instance))
            return instance;
        if (_idByName.TryGetValue(bare, out string? id) && _byId.TryGetValue(id, out instance))
            return instance;
        if (bare.Length is 0 or > 64 || !bare.All(char.IsAsciiHexDigitLower))
            return null;
        foreach (Instance candidate in _byId.Values)
        {
            if (!candidate.Id.StartsWith(bare, StringComparison.Ordinal))
                continue;
            if (instance is not null)
                throw EngineException.Invalid($"multiple IDs found with provided prefix: {bare}: give more digits");
            instance = candidate;
        }
        return instance;
    }

    /// <summary>Takes a name for an id, before the instance exists.</summary>
    public void Reserve(string name, string id)
    {
        if (!TryReserve(name, id))
        {
            string owner = _idByName.GetValueOrDefault(name, "");
            throw EngineException.Conflict(
                $"Conflict. The container name \"/{name}\" is already in use by container \"{owner}\". You have to remove (or rename) that container to be able to reuse that name.");
        }
    }

    public bool TryReserve(string name, string id) => _idByName.TryAdd(name, id);

    public void Release(string name) => _idByName.TryRemove(name, out _);

    public void Add(Instance instance)
    {
        _idByName.TryAdd(instance.Name, instance.Id);
        _byId[instance.Id] = instance;
    }

    public void Remove(Instance instance)
    {
        _byId.TryRemove(instance.Id, out _);
        _idByName.TryRemove(new KeyValuePair<string, string>(instance.Name, instance.Id));
    }
}
