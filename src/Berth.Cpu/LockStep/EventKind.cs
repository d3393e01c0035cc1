namespace Berth.Cpu.LockStep;

/// <summary>What one processor may ask of the world or tell it, in <see cref="LockStepEvent"/>.</summary>
internal enum EventKind
{
    /// <summary>Nothing but a place at which the states are compared.</summary>
    Compare,

    /// <summary>An exception or interrupt is delivered.</summary>
    Delivery,
    PortRead,
    PortWrite,
    DeviceRead,
    DeviceWrite,
    ApicRead,
    ApicWrite,
    ApicRegisterRead,
    ApicRegisterWrite,
    ApicBase,
    ApicBaseWrite,
    ApicReset,
    TaskPriority,
    TaskPriorityWrite,
    Deadline,
    DeadlineWrite,
    Time,
    Random,
}
