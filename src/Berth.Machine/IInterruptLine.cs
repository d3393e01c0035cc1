namespace Berth.Machine;

/// <summary>A wire from a device to an interrupt controller's input. Any thread.</summary>
public interface IInterruptLine
{
    /// <summary>Drives the level; repeating the same level has no effect.</summary>
    void Set(bool high);
}
