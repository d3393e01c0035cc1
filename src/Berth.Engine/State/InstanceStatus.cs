namespace Berth.Engine.State;

/// <summary>Where an instance is in its life.</summary>
internal enum InstanceStatus
{
    Created,
    Running,
    Paused,
    Restarting,
    Exited,
    Removing,
    Dead,
}
