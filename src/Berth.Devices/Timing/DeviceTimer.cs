namespace Berth.Devices.Timing;

/// <summary>One deadline of a device on a <see cref="DeviceTimers"/>. The callback runs on the queue's thread, without the queue's lock.</summary>
/// <remarks>A callback may run shortly after <see cref="Disarm"/>: devices compare the time with their own state under their own lock.</remarks>
public sealed class DeviceTimer
{
    private readonly DeviceTimers _queue;

    internal DeviceTimer(DeviceTimers queue, Action callback)
    {
        _queue = queue;
        Callback = callback;
    }

    internal Action Callback { get; }

    /// <summary>Raised by each arm and disarm: entries of the queue with an older number are dead.</summary>
    internal long Version { get; set; }

    /// <summary>When the callback is due, in nanoseconds of <see cref="DeviceTimers.Now"/>; null while disarmed.</summary>
    public ulong? Deadline { get; internal set; }

    /// <summary>Calls back once at <paramref name="deadline"/> (nanoseconds of <see cref="DeviceTimers.Now"/>), replacing an earlier deadline.</summary>
    public void Arm(ulong deadline) => _queue.Arm(this, deadline);

    /// <summary>Forgets the deadline.</summary>
    public void Disarm() => _queue.Disarm(this);
}
