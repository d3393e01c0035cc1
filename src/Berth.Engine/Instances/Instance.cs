using Berth.Engine.State;

namespace Berth.Engine.Instances;

/// <summary>One instance in memory. Definition, name and state are snapshots that only the holder of <see cref="Gate"/> replaces.</summary>
internal sealed class Instance(string name, InstanceDefinition definition, InstanceState state)
{
    private volatile string _name = name;
    private volatile InstanceDefinition _definition = definition;
    private volatile InstanceState _state = state;
    private int _forcedRemovals;

    public string Id => _definition.Id;

    public string Name { get => _name; set => _name = value; }

    public InstanceDefinition Definition { get => _definition; set => _definition = value; }

    public InstanceState State { get => _state; set => _state = value; }

    /// <summary>One change at a time. Never held while waiting for a workload to end.</summary>
    public SemaphoreSlim Gate { get; } = new(1, 1);

    public ExitSignals Exits { get; } = new();

    public RestartBackoff Backoff { get; } = new();

    /// <summary>Set while a restart by policy waits for its time.</summary>
    public CancellationTokenSource? PendingRestart { get; set; }

    /// <summary>The next end is part of a restart by the user: no policy, no removal.</summary>
    public bool ExpectRestart { get; set; }

    /// <summary>Forced removals under way: until they are done, or have failed, nothing starts it.</summary>
    public bool IsBeingRemoved => Volatile.Read(ref _forcedRemovals) > 0;

    public HealthMonitor? Health { get; set; }

    /// <summary>The volumes were filled from the image since the engine started or before the first start.</summary>
    public bool VolumesFilled { get; set; }

    public void BeginForcedRemoval() => Interlocked.Increment(ref _forcedRemovals);

    public void EndForcedRemoval() => Interlocked.Decrement(ref _forcedRemovals);
}
