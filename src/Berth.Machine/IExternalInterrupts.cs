namespace Berth.Machine;

/// <summary>The 8259 pair as a processor sees it: the INTR wire and the acknowledge cycle.</summary>
public interface IExternalInterrupts
{
    /// <summary>Level of the INTR wire.</summary>
    bool IsPending { get; }

    /// <summary>The acknowledge cycle: takes the highest request in service and gives its vector (the spurious one if none is left).</summary>
    byte Acknowledge();
}
