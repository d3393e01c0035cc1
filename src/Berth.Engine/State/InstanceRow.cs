namespace Berth.Engine.State;

/// <summary>An instance as the store holds it.</summary>
internal sealed record InstanceRow(string Name, InstanceDefinition Definition, InstanceState State);
