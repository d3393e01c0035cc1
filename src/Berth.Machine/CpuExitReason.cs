namespace Berth.Machine;

/// <summary>Why <see cref="IVirtualCpu.Run"/> returned.</summary>
public enum CpuExitReason
{
    /// <summary>Someone called <see cref="IVirtualCpu.Kick"/>.</summary>
    Kicked,

    /// <summary>HLT with interrupts off and nothing that could wake it: the guest has stopped for good.</summary>
    Halted,

    /// <summary>Triple fault: the machine must be reset.</summary>
    Shutdown,

    /// <summary>The backend cannot go on; <see cref="CpuExit.Detail"/> says why.</summary>
    Error,
}
